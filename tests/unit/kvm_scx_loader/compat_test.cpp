// SPDX-License-Identifier: MIT
// An object that is written for several kernels, fitted to kernels that are made up as BTF: names
// and prototypes of functions, numbers of enumerators.
#include <algorithm>
#include <cstring>
#include <string>

#include <gtest/gtest.h>

#include "scx_loader/globals.hpp"
#include "scx_loader/kfunc_names.hpp"
#include "tests/unit/kvm_scx_loader/kernel_types.hpp"

namespace schedrig::scx {
namespace {

using Object = std::unique_ptr<bpf_object, decltype(&bpf_object__close)>;

Object opened(const ObjectImage& image) {
  libbpf_set_print(nullptr);
  return {bpf_object__open_mem(image.bytes.data(), image.bytes.size(), nullptr), bpf_object__close};
}

// Kernel functions of two parameters, a task and a DSQ.
class Kfuncs : public testing::Test {
 protected:
  enum class Returns { kVoid, kBool };

  void has(const char* name, Returns returns, bool third_parameter = false) {
    if (bool_ == 0) {
      bool_ = btf__add_int(kernel.get(), "_Bool", 1, BTF_INT_BOOL);
      u64_ = btf__add_int(kernel.get(), "u64", 8, 0);
      task_ = btf__add_ptr(kernel.get(), btf__add_struct(kernel.get(), "task_struct", 8));
      dsq_ = btf__add_const(kernel.get(), u64_);
    }
    const int prototype = btf__add_func_proto(kernel.get(), returns == Returns::kVoid ? 0 : bool_);
    btf__add_func_param(kernel.get(), "p", task_);
    btf__add_func_param(kernel.get(), "dsq", dsq_);
    if (third_parameter) {
      btf__add_func_param(kernel.get(), "flags", u64_);
    }
    ASSERT_GT(btf__add_func(kernel.get(), name, BTF_FUNC_STATIC, prototype), 0);
  }

  // What the object's functions are called when it is fitted, in the order of their declaration;
  // libbpf must still take it.
  std::string fitted() {
    auto image = read_object(COMPAT_OBJECT);
    EXPECT_TRUE(image) << image.error().message;
    fit_kfunc_names(*image, *kernel, [this](const std::string& text) { notes += text + "\n"; });
    const Object object = opened(*image);
    EXPECT_NE(object, nullptr);
    const auto reread = parse_object(image->bytes, "fitted");
    EXPECT_TRUE(reread);
    std::string names;
    for (const char* name :
         {"scx_bpf_insert", "scx_bpf_insert___v2", "scx_bpf_insert___v2___compat",
          "scx_bpf_insert___v1", "_cx_bpf_insert", "scx_bpf_kick"}) {
      const auto count = std::ranges::count(reread->externs, name, &ExternSymbol::name);
      const bool typed =
          btf__find_by_name_kind(bpf_object__btf(object.get()), name, BTF_KIND_FUNC) > 0;
      EXPECT_EQ(count > 0, typed) << name;
      names += std::string(name) + "=" + std::to_string(count) + " ";
    }
    return names;
  }

  Types kernel = no_types();
  std::string notes;

 private:
  int bool_ = 0;
  int u64_ = 0;
  int task_ = 0;
  int dsq_ = 0;
};

TEST_F(Kfuncs, both_of_a_kernel_that_keeps_the_old_prototype_are_found_by_their_own_names) {
  has("scx_bpf_insert", Returns::kVoid);
  has("scx_bpf_insert___v2", Returns::kBool);
  EXPECT_EQ(fitted(), "scx_bpf_insert=2 scx_bpf_insert___v2=2 scx_bpf_insert___v2___compat=0 "
                      "scx_bpf_insert___v1=0 _cx_bpf_insert=0 scx_bpf_kick=1 ");
  EXPECT_EQ(notes, "function scx_bpf_insert___v2___compat is this kernel's scx_bpf_insert___v2\n"
                   "function scx_bpf_insert___v1 is this kernel's scx_bpf_insert\n")
      << notes;
}

TEST_F(Kfuncs, the_new_prototype_under_the_plain_name_hides_the_old_one) {
  has("scx_bpf_insert", Returns::kBool);
  EXPECT_EQ(fitted(), "scx_bpf_insert=2 scx_bpf_insert___v2=0 scx_bpf_insert___v2___compat=0 "
                      "scx_bpf_insert___v1=1 _cx_bpf_insert=1 scx_bpf_kick=1 ");
  EXPECT_NE(notes.find("function scx_bpf_insert is left out: this kernel's has other parameters"),
            std::string::npos)
      << notes;
}

TEST_F(Kfuncs, an_old_kernel_has_the_old_prototype_only) {
  has("scx_bpf_insert", Returns::kVoid);
  EXPECT_EQ(fitted(), "scx_bpf_insert=2 scx_bpf_insert___v2=1 scx_bpf_insert___v2___compat=1 "
                      "scx_bpf_insert___v1=0 _cx_bpf_insert=0 scx_bpf_kick=1 ");
}

TEST_F(Kfuncs, another_number_of_parameters_is_another_prototype) {
  has("scx_bpf_insert", Returns::kVoid, true);
  EXPECT_EQ(fitted(), "scx_bpf_insert=0 scx_bpf_insert___v2=1 scx_bpf_insert___v2___compat=1 "
                      "scx_bpf_insert___v1=1 _cx_bpf_insert=1 scx_bpf_kick=1 ");
}

TEST_F(Kfuncs, one_that_is_not_weak_is_left_to_be_refused) {
  has("scx_bpf_kick", Returns::kVoid);
  EXPECT_NE(fitted().find("scx_bpf_kick=1"), std::string::npos);
  EXPECT_EQ(notes, "");
}

class Enumerators : public testing::Test {
 protected:
  void SetUp() override {
    const auto image = read_object(COMPAT_OBJECT);
    ASSERT_TRUE(image) << image.error().message;
    object = opened(*image);
    ASSERT_NE(object, nullptr);
  }
  std::uint64_t value(std::string_view name) {
    const auto variable = find_variable(*object, name);
    EXPECT_TRUE(variable) << name;
    std::size_t size = 0;
    const auto* const values =
        static_cast<const char*>(bpf_map__initial_value(variable->map, &size));
    std::uint64_t value = 0;
    std::memcpy(&value, values + variable->offset, variable->size);
    return value;
  }
  Types kernel = no_types();
  Object object{nullptr, bpf_object__close};
};

TEST_F(Enumerators, are_the_running_kernels_of_either_width) {
  btf__add_enum64(kernel.get(), "scx_dsq_id_flags", 8, false);
  btf__add_enum64_value(kernel.get(), "SCX_DSQ_LOCAL_ON", 3ULL << 62U);
  btf__add_enum(kernel.get(), "scx_enq_flags", 4);
  btf__add_enum_value(kernel.get(), "SCX_ENQ_HEAD", 0x10000);
  btf__add_enum(kernel.get(), "scx_ops_flags", 4);
  btf__add_enum_value(kernel.get(), "SCX_OPS_ENQ_LAST", 0x80000000LL); // and not its sign
  btf__add_enum_value(kernel.get(), "SCX_SMALL", 7);
  btf__add_enum(kernel.get(), "other_flags", 4);
  btf__add_enum_value(kernel.get(), "SCX_NOWHERE", 5);
  fill_enumerators(*object, *kernel);
  EXPECT_EQ(value("__SCX_DSQ_LOCAL_ON"), 3ULL << 62U);
  EXPECT_EQ(value("__SCX_ENQ_HEAD"), 0x10000U);
  EXPECT_EQ(value("__SCX_OPS_ENQ_LAST"), 0x80000000ULL);
  EXPECT_EQ(value("__SCX_SMALL"), 7U);
  EXPECT_EQ(value("__SCX_NOWHERE"), 0U) << "no enum of sched_ext";
  EXPECT_EQ(value("__OTHER_ENQ_HEAD"), 0U) << "no name of sched_ext";
}

TEST_F(Enumerators, that_the_kernel_lacks_stay_zero) {
  fill_enumerators(*object, *kernel);
  EXPECT_EQ(value("__SCX_ENQ_HEAD"), 0U);
}

} // namespace
} // namespace schedrig::scx

// SPDX-License-Identifier: MIT
// Operations of a real object, fitted to kernels that are made up as BTF.
#include <memory>

#include <gtest/gtest.h>

#include "scx_loader/struct_ops.hpp"
#include "tests/unit/kvm_scx_loader/kernel_types.hpp"

namespace schedrig::scx {
namespace {

class StructOpsOfFifo : public testing::Test {
 protected:
  void SetUp() override {
    libbpf_set_print(nullptr);
    auto read = read_object(OBJECTS "/fifo.bpf.o");
    ASSERT_TRUE(read);
    image = *std::move(read);
    object.reset(bpf_object__open_mem(image.bytes.data(), image.bytes.size(), nullptr));
    ASSERT_NE(object, nullptr);
  }
  Result<StructOps> plan(const btf& types) {
    return StructOps::plan(image, *bpf_object__btf(object.get()), types,
                           [this](const std::string& text) { notes += text + "\n"; });
  }
  ObjectImage image;
  std::unique_ptr<bpf_object, decltype(&bpf_object__close)> object{nullptr, bpf_object__close};
  std::string notes;
};

TEST_F(StructOpsOfFifo, a_kernel_with_all_callbacks_takes_it_without_a_note) {
  const Types types = kernel_types({"dispatch", "enqueue", "exit", "init"});
  auto ops = plan(*types);
  ASSERT_TRUE(ops) << ops.error().message;
  EXPECT_EQ(notes, "");
  EXPECT_EQ(ops->name(), "fifo");
  ASSERT_TRUE(ops->prepare(*object));
  EXPECT_TRUE(bpf_program__autoload(bpf_object__find_program_by_name(object.get(), "fifo_init")));
}

TEST_F(StructOpsOfFifo, a_callback_that_the_kernel_lacks_is_left_out_with_a_note) {
  const Types types = kernel_types({"dispatch", "enqueue", "init"});
  auto ops = plan(*types);
  ASSERT_TRUE(ops) << ops.error().message;
  EXPECT_EQ(notes, "callback exit is left out: this kernel has none\n");
  ASSERT_TRUE(ops->prepare(*object));
  EXPECT_FALSE(bpf_program__autoload(bpf_object__find_program_by_name(object.get(), "fifo_exit")));
  EXPECT_TRUE(bpf_program__autoload(bpf_object__find_program_by_name(object.get(), "fifo_init")));
}

TEST_F(StructOpsOfFifo, fields_are_set_by_name_within_their_types) {
  const Types types = kernel_types({"dispatch", "enqueue", "exit", "init"});
  auto ops = plan(*types);
  ASSERT_TRUE(ops);
  EXPECT_TRUE(ops->set_field("timeout_ms", 500));
  EXPECT_EQ(ops->set_field("timeout_ms", 1ULL << 32U).error().code, StatusCode::kInvalidArgument);
  EXPECT_EQ(ops->set_field("hotplug_seq", 1).error().code, StatusCode::kNotFound);
  EXPECT_EQ(ops->set_field("enqueue", 1).error().code, StatusCode::kInvalidArgument);
}

TEST_F(StructOpsOfFifo, a_kernel_without_sched_ext_is_named_as_such) {
  const Types types = no_types();
  const auto ops = plan(*types);
  ASSERT_FALSE(ops);
  EXPECT_EQ(ops.error().code, StatusCode::kUnsupported);
  EXPECT_NE(ops.error().message.find("no sched_ext"), std::string::npos);
}

struct Incomplete {
  const char* name;
  KernelParts parts;
  const char* cause;
};

class IncompleteKernels : public StructOpsOfFifo, public testing::WithParamInterface<Incomplete> {};

TEST_P(IncompleteKernels, are_refused_with_what_they_lack_in_one_line) {
  const Types types = kernel_types({"dispatch", "enqueue", "exit", "init"}, GetParam().parts);
  const auto ops = plan(*types);
  ASSERT_FALSE(ops);
  EXPECT_EQ(ops.error().code, StatusCode::kUnsupported);
  EXPECT_NE(ops.error().message.find(GetParam().cause), std::string::npos) << ops.error().message;
  EXPECT_EQ(ops.error().message.find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    All, IncompleteKernels,
    testing::Values(Incomplete{"value", {.value = false}, "bpf_struct_ops_sched_ext_ops"},
                    Incomplete{"functions", {.functions = false}, "no kernel functions"}),
    [](const auto& each) { return std::string(each.param.name); });

// central asks for SCX_OPS_ENQ_LAST, whose bit is 2 in its own header.
class FlagsOfCentral : public testing::Test {
 protected:
  // The flags as the kernel gets them.
  std::uint64_t flags(const Types& types) {
    libbpf_set_print(nullptr);
    const auto image = read_object(OBJECTS "/central.bpf.o");
    EXPECT_TRUE(image);
    const std::unique_ptr<bpf_object, decltype(&bpf_object__close)> object(
        bpf_object__open_mem(image->bytes.data(), image->bytes.size(), nullptr), bpf_object__close);
    const auto ops = StructOps::plan(*image, *bpf_object__btf(object.get()), *types,
                                     [this](const std::string& text) { notes += text + "\n"; });
    EXPECT_TRUE(ops) << ops.error().message;
    return ops ? ops->field("flags").value_or(~0ULL) : ~0ULL;
  }
  static Types kernel_with(const char* name, std::uint64_t bit) {
    Types types = kernel_types({"select_cpu", "enqueue", "dispatch", "running", "stopping",
                                "update_idle", "init", "exit"});
    btf__add_enum64(types.get(), "scx_ops_flags", 8, false);
    btf__add_enum64_value(types.get(), name, bit);
    return types;
  }
  std::string notes;
};

TEST_F(FlagsOfCentral, get_the_kernels_bit_of_the_same_name) {
  EXPECT_EQ(flags(kernel_with("SCX_OPS_ENQ_LAST", 1ULL << 40U)), 1ULL << 40U);
  EXPECT_EQ(notes, "");
}

TEST_F(FlagsOfCentral, are_left_out_with_a_note_where_the_kernel_has_no_such_name) {
  EXPECT_EQ(flags(kernel_with("SCX_OPS_OTHER", 2)), 0U);
  EXPECT_EQ(notes, "flag SCX_OPS_ENQ_LAST is left out: this kernel has none\n");
}

TEST_F(FlagsOfCentral, stay_as_compiled_with_a_note_where_the_kernel_names_none) {
  EXPECT_EQ(flags(kernel_types({"select_cpu", "enqueue", "dispatch", "running", "stopping",
                                "update_idle", "init", "exit"})),
            2U);
  EXPECT_EQ(notes, "the flags are as they were compiled: this kernel's BTF has no enum "
                   "scx_ops_flags\n");
}

} // namespace
} // namespace schedrig::scx

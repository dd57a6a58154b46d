// SPDX-License-Identifier: MIT
// Operations of a real object, fitted to kernels that are made up as BTF.
#include <memory>

#include <gtest/gtest.h>

#include "scx_loader/struct_ops.hpp"

namespace schedrig::scx {
namespace {

using Types = std::unique_ptr<btf, decltype(&btf__free)>;

// struct sched_ext_ops with these callbacks, then flags, timeout_ms and a name of 128 bytes; and
// the structure that the kernel keeps it in.
Types kernel(const std::vector<const char*>& callbacks) {
  Types types(btf__new_empty(), btf__free);
  const int u32 = btf__add_int(types.get(), "unsigned int", 4, 0);
  const int u64 = btf__add_int(types.get(), "long unsigned int", 8, 0);
  const int one = btf__add_int(types.get(), "char", 1, BTF_INT_CHAR);
  const int text = btf__add_array(types.get(), u32, one, 128);
  const int function = btf__add_func_proto(types.get(), 0);
  const int pointer = btf__add_ptr(types.get(), function);
  const auto pointers = static_cast<std::uint32_t>(8 * callbacks.size());
  const int ops = btf__add_struct(types.get(), "sched_ext_ops", pointers + 144);
  std::uint32_t bit = 0;
  for (const char* name : callbacks) {
    btf__add_field(types.get(), name, pointer, bit, 0);
    bit += 64;
  }
  btf__add_field(types.get(), "flags", u64, bit, 0);
  btf__add_field(types.get(), "timeout_ms", u32, bit + 64, 0);
  btf__add_field(types.get(), "name", text, bit + 128, 0);
  btf__add_struct(types.get(), "bpf_struct_ops_sched_ext_ops", pointers + 144 + 64);
  btf__add_field(types.get(), "data", ops, std::uint32_t{64} * 8, 0);
  return types;
}

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
  const Types types = kernel({"dispatch", "enqueue", "exit", "init"});
  auto ops = plan(*types);
  ASSERT_TRUE(ops) << ops.error().message;
  EXPECT_EQ(notes, "");
  EXPECT_EQ(ops->name(), "fifo");
  ASSERT_TRUE(ops->prepare(*object));
  EXPECT_TRUE(bpf_program__autoload(bpf_object__find_program_by_name(object.get(), "fifo_init")));
}

TEST_F(StructOpsOfFifo, a_callback_that_the_kernel_lacks_is_left_out_with_a_note) {
  const Types types = kernel({"dispatch", "enqueue", "init"});
  auto ops = plan(*types);
  ASSERT_TRUE(ops) << ops.error().message;
  EXPECT_EQ(notes, "callback exit is left out: this kernel has none\n");
  ASSERT_TRUE(ops->prepare(*object));
  EXPECT_FALSE(bpf_program__autoload(bpf_object__find_program_by_name(object.get(), "fifo_exit")));
  EXPECT_TRUE(bpf_program__autoload(bpf_object__find_program_by_name(object.get(), "fifo_init")));
}

TEST_F(StructOpsOfFifo, fields_are_set_by_name_within_their_types) {
  const Types types = kernel({"dispatch", "enqueue", "exit", "init"});
  auto ops = plan(*types);
  ASSERT_TRUE(ops);
  EXPECT_TRUE(ops->set_field("timeout_ms", 500));
  EXPECT_EQ(ops->set_field("timeout_ms", 1ULL << 32U).error().code, StatusCode::kInvalidArgument);
  EXPECT_EQ(ops->set_field("hotplug_seq", 1).error().code, StatusCode::kNotFound);
  EXPECT_EQ(ops->set_field("enqueue", 1).error().code, StatusCode::kInvalidArgument);
}

TEST_F(StructOpsOfFifo, a_kernel_without_sched_ext_is_named_as_such) {
  const Types types(btf__new_empty(), btf__free);
  const auto ops = plan(*types);
  ASSERT_FALSE(ops);
  EXPECT_EQ(ops.error().code, StatusCode::kUnsupported);
  EXPECT_NE(ops.error().message.find("no sched_ext"), std::string::npos);
}

} // namespace
} // namespace schedrig::scx

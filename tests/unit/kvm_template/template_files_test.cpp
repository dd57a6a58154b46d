// SPDX-License-Identifier: MIT
// A template in a directory: what is stored is loaded, and nothing else is.
#include <cstring>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <schedrig/ring.h>

#include "template/state_codec.hpp"
#include "template/template_files.hpp"
#include "template_directory.hpp"
#include "vmm/guest_memory.hpp"

namespace schedrig::kvm {
namespace {

using ::testing::HasSubstr;

// Every byte of it has a value of its own, as far as a struct lets it.
template <class T> void fill(T& value, unsigned seed) {
  std::vector<unsigned char> bytes(sizeof value);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<unsigned char>(seed + i * 13);
  }
  std::memcpy(static_cast<void*>(&value), bytes.data(), bytes.size());
}

MachineState some_state() {
  MachineState state;
  state.boot = {.kernel_version = "6.18.15", .vmlinux = true, .command_line = "quiet"};
  state.vm.tsc_khz = 2'600'000;
  state.vm.clock = {.ns = 123, .host_tsc = 456};
  fill(state.vm.pit, 1);
  for (unsigned i = 0; i < kIrqchips; ++i) {
    fill(state.vm.irqchips[i], 2 + i);
  }
  for (unsigned i = 0; i < 2; ++i) {
    VcpuState vcpu;
    vcpu.apic_id = i;
    vcpu.cpuid.resize(3);
    fill(vcpu.cpuid[1], 10 + i);
    fill(vcpu.regs, 11 + i);
    fill(vcpu.sregs, 12 + i);
    vcpu.xsave.assign(4096, static_cast<std::byte>(13 + i));
    fill(vcpu.lapic, 14 + i);
    vcpu.msrs.resize(2);
    fill(vcpu.msrs[0], 15 + i);
    vcpu.tsc_offset = ~0ULL - i;
    vcpu.tsc_deadline = 77 + i;
    fill(vcpu.events, 16 + i);
    state.vm.vcpus.push_back(vcpu);
  }
  BoardState& board = state.board;
  board.rtc.index = 5;
  fill(board.rtc.ram, 20);
  board.uart.divisor = 3;
  fill(board.virtio.config, 21);
  board.virtio.queues[2] = {.size = 64,
                            .vector = 2,
                            .enabled = true,
                            .descriptors = 0x1000,
                            .available = 0x2000,
                            .used = 0x3000,
                            .next_available = 65535,
                            .next_used = 7};
  board.virtio.msix[3] = {.address = 0xfee00000, .data = 33, .control = 0};
  board.virtio_failure = "why";
  board.console.control_messages = {Bytes(8, std::byte{1}), Bytes(24, std::byte{2})};
  board.console.backlog.assign(100, std::byte{3});
  board.console.control_open = true;
  board.console.control_opened = 2;
  board.ring.emplace();
  fill(board.ring->config, 22);
  board.ring->memory.assign(SCHEDRIG_RING_REGION_BYTES, std::byte{4});
  return state;
}

class Files : public testing::Test {
 protected:
  void SetUp() override {
    auto memory = GuestMemory::create(2ULL << 20, true);
    ASSERT_TRUE(memory.has_value());
    ASSERT_TRUE(memory->write_object(0x1000, 42).has_value());
    auto image = memory->become_image();
    ASSERT_TRUE(image.has_value());
    auto machine = std::make_shared<SavedMachine>();
    machine->state = some_state();
    machine->memory = *std::move(image);
    content_.fields = fields_;
    content_.session = Bytes(10, std::byte{9});
    content_.machine = machine;
    content_.first_writes = {{.offset = 4096, .bytes = 8192}, {.offset = 65536, .bytes = 4096}};
    const auto stored = store_template(content_, directory_.path());
    ASSERT_TRUE(stored.has_value()) << stored.error().message;
  }

  TemplateFields fields_ = {{"kernel", "a"}, {"memory", "b"}};
  TemplateContent content_;
  test::TemplateDirectory directory_;
};

TEST_F(Files, what_was_stored_is_loaded) {
  const auto loaded = load_template(directory_.path(), fields_);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_EQ(loaded->fields, fields_);
  EXPECT_EQ(loaded->session, content_.session);
  EXPECT_EQ(loaded->first_writes, content_.first_writes);
  // The codec writes every field: equal bytes are equal states.
  const MachineState& state = loaded->machine->state;
  EXPECT_EQ(encode_vm_state(state.vm), encode_vm_state(some_state().vm));
  EXPECT_EQ(encode_board_state(state.board), encode_board_state(some_state().board));
  EXPECT_EQ(std::memcmp(&state.vm.vcpus[1].lapic, &some_state().vm.vcpus[1].lapic,
                        sizeof(kvm_lapic_state)),
            0);
  EXPECT_EQ(state.vm.vcpus[1].tsc_deadline, 78U);
  EXPECT_EQ(state.board.virtio.queues[2].next_available, 65535U);
  EXPECT_EQ(state.board.console.backlog.size(), 100U);
  ASSERT_TRUE(state.board.ring.has_value());
  EXPECT_EQ(state.board.ring->memory, some_state().board.ring->memory);
  EXPECT_EQ(state.boot.command_line, "quiet");
  const auto memory = GuestMemory::create_over(loaded->machine->memory);
  ASSERT_TRUE(memory.has_value());
  int value = 0;
  ASSERT_TRUE(memory->read(0x1000, std::as_writable_bytes(std::span(&value, 1))).has_value());
  EXPECT_EQ(value, 42);
}

TEST_F(Files, another_machines_template_is_refused_by_the_fields_that_differ) {
  TemplateFields wanted = {{"kernel", "other"}, {"memory", "b"}, {"topology", "t"}};
  const auto loaded = load_template(directory_.path(), wanted);
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, StatusCode::kInvalidArgument);
  EXPECT_THAT(loaded.error().message, HasSubstr("kernel (a, wanted other)"));
  EXPECT_THAT(loaded.error().message, HasSubstr("topology (, wanted t)"));
  EXPECT_THAT(loaded.error().message, testing::Not(HasSubstr("memory (")));
}

TEST_F(Files, a_store_that_did_not_get_to_its_end_is_refused) {
  std::filesystem::rename(directory_.path() + "/state", directory_.path() + "/state.new");
  EXPECT_FALSE(load_template(directory_.path(), fields_).has_value());
}

TEST_F(Files, a_damaged_or_cut_state_is_refused_wherever_it_is) {
  const std::string path = directory_.path() + "/state";
  std::ifstream in(path, std::ios::binary);
  const std::string good{std::istreambuf_iterator<char>(in), {}};
  const auto expect_refused = [&](const std::string& text, const std::string& what) {
    std::ofstream(path, std::ios::binary) << text;
    const auto loaded = load_template(directory_.path(), fields_);
    ASSERT_FALSE(loaded.has_value()) << what;
    EXPECT_EQ(loaded.error().code, StatusCode::kBadData) << what << loaded.error().message;
  };
  for (std::size_t at = 0; at < good.size(); at += 97) {
    std::string damaged = good;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
    ASSERT_NO_FATAL_FAILURE(expect_refused(damaged, "byte " + std::to_string(at)));
    ASSERT_NO_FATAL_FAILURE(expect_refused(good.substr(0, at), "cut to " + std::to_string(at)));
  }
  ASSERT_NO_FATAL_FAILURE(expect_refused(good + "x", "one byte more"));
}

TEST(StateCodec, states_that_no_machine_has_are_refused) {
  VmState vm = some_state().vm;
  vm.vcpus[1].apic_id = 0;
  EXPECT_FALSE(decode_vm_state(encode_vm_state(vm)).has_value()) << "two of the same id";
  vm = some_state().vm;
  vm.vcpus[1].apic_id = 255;
  EXPECT_FALSE(decode_vm_state(encode_vm_state(vm)).has_value()) << "an id for all";
  vm = some_state().vm;
  vm.vcpus[1].xsave.resize(8192);
  EXPECT_FALSE(decode_vm_state(encode_vm_state(vm)).has_value()) << "unequal vCPUs";
  vm = some_state().vm;
  vm.vcpus.clear();
  EXPECT_FALSE(decode_vm_state(encode_vm_state(vm)).has_value()) << "no vCPU";
  BoardState board = some_state().board;
  board.rtc.index = 128;
  EXPECT_FALSE(decode_board_state(encode_board_state(board)).has_value()) << "no such register";
  board = some_state().board;
  board.ring->memory.pop_back();
  EXPECT_FALSE(decode_board_state(encode_board_state(board)).has_value()) << "not a whole ring";
  board.ring.reset();
  const auto without = decode_board_state(encode_board_state(board));
  ASSERT_TRUE(without.has_value());
  EXPECT_FALSE(without->ring.has_value());
  board = some_state().board;
  board.console.backlog.resize(kControlBacklogBytes + 1);
  EXPECT_FALSE(decode_board_state(encode_board_state(board)).has_value()) << "too much waits";
}

} // namespace
} // namespace schedrig::kvm

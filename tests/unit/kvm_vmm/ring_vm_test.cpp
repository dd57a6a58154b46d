// SPDX-License-Identifier: MIT
// The submission ring of a machine that runs, with a guest of a few instructions: its memory, its
// doorbell, and what becomes of both when the machine is saved.
#include <atomic>
#include <chrono>
#include <thread>

#include <schedrig/ring.hpp>

#include "tiny_guests.hpp"
#include "vmm/state/machine_state.hpp"

namespace schedrig::kvm {
namespace {

using namespace std::chrono_literals;

// mov edi, 0xc0021000 (submit_head); mov dword [rdi], 1; mov edx, 0xc020; out dx, al; jmp to itself
const std::vector<std::uint8_t> kRingsOnce = {0xbf, 0x00, 0x10, 0x02, 0xc0, 0xc7, 0x07,
                                              0x01, 0x00, 0x00, 0x00, 0xba, 0x20, 0xc0,
                                              0x00, 0x00, 0xee, 0xeb, 0xfe};
static_assert(kRingBarAddress + SCHEDRIG_RING_OFFSET == 0xc0021000 && kRingIoPort == 0xc020);

class DoorbellSink final : public VmSink {
 public:
  void on_console(std::span<const std::byte> /*bytes*/) noexcept override {}
  void on_control(std::span<const std::byte> /*bytes*/) noexcept override {}
  void on_control_open(bool /*open*/) noexcept override {}
  void on_end(const VmEnd& /*end*/) noexcept override {}
  void on_notice(std::string_view /*text*/) noexcept override {}
  void on_ring_doorbell(std::uint64_t times) noexcept override { rung += times; }

  void wait_until_rung() const {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (rung == 0) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "nobody rings";
      std::this_thread::yield();
    }
  }

  std::atomic<std::uint64_t> rung = 0;
};

class VmRing : public test::TinyGuests {
 protected:
  static std::unique_ptr<Vm> created(bool ring, VmSink& sink) {
    const Topology topology = Topology::uniform(1, 1, 1, 1);
    const auto image = test::image_of(kRingsOnce);
    VmConfig config;
    config.kernel_image = image;
    config.memory_bytes = 128ULL << 20;
    config.topology = topology.view();
    config.ring = ring;
    auto vm = Vm::create(config, sink);
    EXPECT_TRUE(vm.has_value()) << vm.error().message;
    return *std::move(vm);
  }
  static RingMemory memory_of(const Vm& vm) {
    auto* const region = reinterpret_cast<RingRegion*>(vm.ring_memory().data());
    return {region->ring, region->registers};
  }
};

TEST_F(VmRing, is_not_there_unless_it_is_asked_for) {
  DoorbellSink sink;
  EXPECT_TRUE(created(false, sink)->ring_memory().empty());
  EXPECT_EQ(created(true, sink)->ring_memory().size(), SCHEDRIG_RING_REGION_BYTES);
}

TEST_F(VmRing, the_host_sees_what_the_guest_writes_when_it_rings) {
  DoorbellSink sink;
  const auto vm = created(true, sink);
  EXPECT_EQ(memory_of(*vm).load(RingIndex::kSubmitHead), 0U);
  EXPECT_EQ(memory_of(*vm).fault(), RingFault::kNone);
  ASSERT_TRUE(vm->start().has_value());
  ASSERT_NO_FATAL_FAILURE(sink.wait_until_rung());
  EXPECT_EQ(memory_of(*vm).load(RingIndex::kSubmitHead), 1U);
  EXPECT_EQ(sink.rung, 1U);
}

TEST_F(VmRing, a_machine_from_a_saved_one_has_its_ring_and_hears_of_what_is_pending) {
  DoorbellSink sink;
  const auto parent = created(true, sink);
  ASSERT_TRUE(parent->start().has_value());
  ASSERT_NO_FATAL_FAILURE(sink.wait_until_rung());
  ASSERT_TRUE(parent->freeze(60s).has_value());
  const auto saved = parent->save();
  ASSERT_TRUE(saved.has_value()) << saved.error().message;
  ASSERT_TRUE(parent->thaw().has_value());
  DoorbellSink forked_sink;
  const auto forked = Vm::create_from(*saved, forked_sink);
  ASSERT_TRUE(forked.has_value()) << forked.error().message;
  for (int life = 0; life < 2; ++life) {
    ASSERT_TRUE((*forked)->start().has_value());
    ASSERT_NO_FATAL_FAILURE(forked_sink.wait_until_rung());
    EXPECT_EQ(memory_of(**forked).load(RingIndex::kSubmitHead), 1U);
    memory_of(**forked).store(RingIndex::kSubmitTail, 1); // what the host does in this life
    EXPECT_EQ(memory_of(*parent).load(RingIndex::kSubmitTail), 0U) << "the fork's is its own";
    const auto reset = (*forked)->reset(60s);
    ASSERT_TRUE(reset.has_value()) << reset.error().message;
    forked_sink.rung = 0;
  }
}

} // namespace
} // namespace schedrig::kvm

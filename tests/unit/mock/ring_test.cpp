// SPDX-License-Identifier: MIT
// The simulated machine's submission ring: there only when it is asked for, and heard of at a time
// of the machine's clock.
#include <memory>

#include <gtest/gtest.h>

#include <schedrig/ring_consumer.hpp>
#include <schedrig/ring_producer.hpp>

#include "plugins/mock/backend/create.hpp"

namespace schedrig::mock {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

class NoEvents final : public EventSink {
 public:
  void on_event(const Event& /*event*/) noexcept override {}
};

class MockRing : public testing::Test {
 protected:
  std::unique_ptr<MockMachine> booted(bool ring) {
    ParamValue enabled;
    enabled.type = ParamType::kBool;
    enabled.key = "ring.enabled";
    enabled.integer = ring ? 1 : 0;
    const Topology topology = Topology::uniform(1, 1, 2, 1);
    MachineSpec spec;
    spec.topology = topology.view();
    spec.memory_bytes = 512ULL << 20U;
    spec.seed = 1;
    spec.params = {&enabled, 1};
    Machine* machine = nullptr;
    EXPECT_TRUE(create(spec, events_, nullptr, &machine).ok());
    EXPECT_TRUE(machine->boot(kSecond).ok());
    return std::unique_ptr<MockMachine>(static_cast<MockMachine*>(machine));
  }

  NoEvents events_;
};

TEST_F(MockRing, a_machine_has_one_only_when_it_is_asked_for) {
  EXPECT_EQ(query<RingFacet>(*booted(false)), nullptr);
  const auto machine = booted(true);
  auto* const ring = query<RingFacet>(*machine);
  ASSERT_NE(ring, nullptr);
  EXPECT_EQ(ring->region().size(), SCHEDRIG_RING_REGION_BYTES);
  EXPECT_EQ(ring->take_doorbells(), 0U);
}

TEST_F(MockRing, a_doorbell_ends_the_next_wait_before_any_time_passes) {
  const auto machine = booted(true);
  auto& facet = *query<RingFacet>(*machine);
  schedrig_ring_producer program{};
  ASSERT_EQ(schedrig_ring_attach(&program, facet.region().data()), 0);
  for (int i = 0; i < 64; ++i) {
    schedrig_ring_submission noop{};
    noop.flags = SCHEDRIG_RING_NEED_COMPLETION;
    ASSERT_EQ(schedrig_ring_put(&program, &noop), 0);
  }
  schedrig_ring_submit(&program);

  const std::int64_t before = machine->now_ns();
  WakeReason reason = WakeReason::kDeadline;
  ASSERT_TRUE(machine->wait_until(before + kSecond, &reason).ok());
  EXPECT_EQ(reason, WakeReason::kEvent);
  EXPECT_EQ(machine->now_ns(), before);
  EXPECT_EQ(facet.take_doorbells(), 1U);
  EXPECT_EQ(facet.take_doorbells(), 0U);

  RingConsumer consumer(RingMemory(
      *program.ring, *reinterpret_cast<schedrig_ring_registers*>(facet.region().data())));
  EXPECT_EQ(consumer.drain([](const RingSubmission&) { return RingResult(); }).entries, 64U);
  schedrig_ring_completion done{};
  EXPECT_EQ(schedrig_ring_take(&program, &done), 0);

  ASSERT_TRUE(machine->wait_until(before + kSecond, &reason).ok());
  EXPECT_EQ(reason, WakeReason::kDeadline) << "nobody rang again";
  EXPECT_EQ(machine->now_ns(), before + kSecond);
}

} // namespace
} // namespace schedrig::mock

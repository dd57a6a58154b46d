// SPDX-License-Identifier: MIT
// Every interleaving of a producer and a consumer on a small ring whose indices wrap on the way:
// each entry is carried out once, whole and in order, and its completion arrives once.
#include <gtest/gtest.h>

#include <schedrig/ring_consumer.hpp>
#include <schedrig/ring_producer.hpp>

#include "ring_model.hpp"

namespace schedrig::model {
namespace {

constexpr std::uint32_t kStart = 0xfffffffe;
constexpr int kDrains = 3;

using Numbers = std::vector<std::uint64_t>;

RingSubmission numbered(std::uint64_t number) {
  RingSubmission entry{};
  entry.args[0] = number;
  entry.user_data = number;
  return entry;
}

template <std::uint32_t kSlots> class ProgramSide {
 public:
  explicit ProgramSide(Stepper& stepper) : producer_(ModelMemory<kSlots>(stepper)) {}

  // A ring full at once, then two more one by one.
  void run() {
    std::uint64_t number = 1;
    for (; number <= kSlots; ++number) {
      put(number);
    }
    producer_.publish();
    for (; number <= kSlots + 2; ++number) {
      take();
      put(number);
      producer_.publish();
    }
  }
  void take() {
    while (const auto completion = producer_.take()) {
      // A completion's two words say the same, or it was seen half-written.
      taken.push_back(completion->result == static_cast<std::int64_t>(completion->user_data)
                          ? completion->user_data
                          : 0);
    }
  }

  Numbers accepted;
  Numbers taken;

 private:
  void put(std::uint64_t number) {
    if (producer_.put(numbered(number)) == RingPut::kDone) {
      accepted.push_back(number);
    }
  }

  RingProducer<ModelMemory<kSlots>> producer_;
};

template <std::uint32_t kSlots> class HostSide {
 public:
  explicit HostSide(Stepper& stepper) : consumer_(ModelMemory<kSlots>(stepper)) {}

  void run() {
    for (int i = 0; i < kDrains; ++i) {
      drain();
    }
  }
  void drain() {
    consumer_.drain([this](const RingSubmission& entry) {
      carried_out.push_back(entry.args[0] == entry.user_data ? entry.user_data : 0);
      return RingResult{static_cast<std::int64_t>(entry.user_data)};
    });
  }
  [[nodiscard]] RingFault fault() const { return consumer_.fault(); }

  Numbers carried_out;

 private:
  RingConsumer<ModelMemory<kSlots>> consumer_;
};

// Neither can go on: what is still under way is finished, one side after the other.
template <std::uint32_t kSlots> bool ends_well(State state) {
  for (SideState& side : state.sides) {
    for (const Store& store : side.buffer) {
      state.cells[store.cell] = store.value;
    }
    side.buffer.clear();
  }
  Stepper program_steps(state, 0, Order::kInOrder, SIZE_MAX);
  Stepper host_steps(state, 1, Order::kInOrder, SIZE_MAX);
  ProgramSide<kSlots> program(program_steps);
  HostSide<kSlots> host(host_steps);
  program.run();
  host.run();
  for (std::uint32_t i = 0; i < kSlots; ++i) {
    program.take();
    host.drain();
  }
  program.take();
  return host.fault() == RingFault::kNone && host.carried_out == program.accepted &&
         program.taken == program.accepted;
}

template <std::uint32_t kSlots> Explored explore_ring(Order order) {
  State start;
  for (std::size_t index = 0; index < kFirstSubmission; ++index) {
    start.cells[index] = kStart;
  }
  return explore(start,
                 {[](Stepper& stepper) { ProgramSide<kSlots>(stepper).run(); },
                  [](Stepper& stepper) { HostSide<kSlots>(stepper).run(); }},
                 order, ends_well<kSlots>);
}

TEST(RingModel, of_two_slots_keeps_its_promises_in_every_interleaving) {
  const Explored explored = explore_ring<2>(Order::kRelease);
  EXPECT_TRUE(explored.right);
  EXPECT_GT(explored.states, 1000U);
}

TEST(RingModel, of_four_slots_keeps_its_promises_in_every_interleaving) {
  const Explored explored = explore_ring<4>(Order::kRelease);
  EXPECT_TRUE(explored.right);
  EXPECT_GT(explored.states, 1000U);
}

TEST(RingModel, finds_the_interleaving_that_goes_wrong_without_release_order) {
  EXPECT_FALSE(explore_ring<2>(Order::kNoOrder).right);
}

} // namespace
} // namespace schedrig::model

// SPDX-License-Identifier: MIT
// A program that writes anything anywhere into the ring, between the host's looks at it and during
// them. SCHEDRIG_RING_STEPS=N in the environment: that many steps.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include <gtest/gtest.h>

#include <schedrig/prng.hpp>

#include "ring_rig.hpp"

namespace schedrig {
namespace {

constexpr std::uint64_t kShortRun = 200'000;
constexpr std::uint64_t kSeed = 20260;

std::uint64_t steps() {
  const char* text = std::getenv("SCHEDRIG_RING_STEPS");
  return text == nullptr ? kShortRun : std::strtoull(text, nullptr, 10);
}

// One write of a program that means no good, often near what the rules allow.
void scribble(RingMemory& memory, schedrig_ring& ring, Prng& random) {
  const auto number = static_cast<std::uint32_t>(random.next());
  const auto index = static_cast<RingIndex>(random.below(4));
  switch (random.below(8)) {
  case 0: // wild
    memory.store(index, number);
    return;
  case 1:
  case 2: // near another
    memory.store(index, memory.load(static_cast<RingIndex>(random.below(4))) + number % 70 - 2);
    return;
  case 3:
  case 4: { // an entry with some bits wrong
    RingSubmission entry = ring_entry(random.next(), static_cast<std::uint16_t>(random.below(8)));
    entry.reserved = random.below(64) == 0 ? number : 0;
    entry.padding = random.below(64) == 0 ? random.next() : 0;
    entry.args[0] = random.below(4) == 0 ? 1 + random.below(100) : 0;
    memory.put_submission(number % kSlots, entry);
    return;
  }
  case 5: // half an entry
    __atomic_store_n(&ring.submissions[number % kSlots].flags,
                     static_cast<std::uint16_t>(random.below(8)), __ATOMIC_RELAXED);
    return;
  case 6: // takes what is there
    memory.store(RingIndex::kCompleteTail, memory.load(RingIndex::kCompleteHead));
    return;
  default: // publishes
    memory.store(RingIndex::kSubmitHead,
                 memory.load(RingIndex::kSubmitTail) + number % (kSlots + 1));
    return;
  }
}

// Where the consumer may write, and what.
struct Watch {
  std::uint32_t submit_tail = 0;
  std::uint32_t complete_head = 0;
};

class WatchedMemory : public RingMemory {
 public:
  WatchedMemory(const RingMemory& memory, Watch& watch) : RingMemory(memory), watch_(&watch) {}

  void store(RingIndex index, std::uint32_t value) {
    ASSERT_TRUE(index == RingIndex::kSubmitTail || index == RingIndex::kCompleteHead);
    std::uint32_t& last =
        index == RingIndex::kSubmitTail ? watch_->submit_tail : watch_->complete_head;
    ASSERT_LE(value - last, kSlots);
    last = value;
    RingMemory::store(index, value);
  }
  void put_completion(std::uint32_t slot, const RingCompletion& entry) {
    ASSERT_LT(slot, kSlots);
    ASSERT_EQ(entry.flags & ~kRingFailed, 0);
    for (const std::uint16_t reserved : entry.reserved) {
      ASSERT_EQ(reserved, 0);
    }
    RingMemory::put_completion(slot, entry);
  }

 private:
  Watch* watch_;
};

// A ring's life under such a program: until it is dead, or `most` steps.
class HostileRing {
 public:
  HostileRing(RingRegion& region, Prng& random) : region_(&region), random_(&random) {
    watch_.submit_tail = watch_.complete_head = static_cast<std::uint32_t>(random.next());
    start_ring_at(region, watch_.submit_tail);
    region.registers = ring_registers();
  }

  std::uint64_t live(std::uint64_t most) {
    RingConsumer consumer(WatchedMemory(memory_, watch_));
    std::uint64_t step = 0;
    for (; consumer.fault() == RingFault::kNone && step < most; ++step) {
      scribble(memory_, region_->ring, *random_);
      if (step % 4 == 0) {
        drain(consumer);
      }
    }
    return step;
  }
  [[nodiscard]] std::uint64_t entries() const { return entries_; }

 private:
  void drain(RingConsumer<WatchedMemory>& consumer) {
    std::uint32_t carried_out = 0;
    const RingCounts before = consumer.counts();
    const RingDrain drained = consumer.drain([&](const RingSubmission& entry) {
      ++carried_out;
      EXPECT_EQ(entry.reserved | entry.padding, 0U);
      scribble(memory_, region_->ring, *random_);
      return entry.args[0] != 0 ? RingResult::error(static_cast<int>(entry.args[0])) : RingResult{};
    });
    const RingCounts& after = consumer.counts();
    EXPECT_LE(drained.entries, kSlots);
    EXPECT_EQ(drained.entries, carried_out + after.canceled - before.canceled);
    EXPECT_LE(after.completions - before.completions, drained.entries);
    EXPECT_GE(after.completions - before.completions, after.failed - before.failed);
    EXPECT_EQ(memory_.fault(), drained.fault);
    entries_ += drained.entries;
  }

  RingRegion* region_;
  Prng* random_;
  RingMemory memory_{region_->ring, region_->registers};
  Watch watch_;
  std::uint64_t entries_ = 0;
};

TEST(RingHostile, anything_written_between_looks_at_the_ring_is_survived_or_ends_it) {
  Prng random(kSeed, 1);
  const auto region = ring_region();
  std::uint64_t rings = 0;
  std::uint64_t entries = 0;
  for (std::uint64_t step = 0; step < steps() && !HasFailure(); ++rings) {
    HostileRing ring(*region, random);
    step += ring.live(steps() - step);
    entries += ring.entries();
  }
  EXPECT_GT(rings, 10U);
  EXPECT_GT(entries, steps() / 10);
}

TEST(RingHostile, anything_written_during_drains_is_survived_or_ends_the_ring) {
  const auto region = ring_region();
  RingMemory memory(region->ring, region->registers);
  std::atomic<bool> ended = false;
  std::thread program([&] {
    Prng random(kSeed, 2);
    while (!ended.load(std::memory_order_relaxed)) {
      scribble(memory, region->ring, random);
    }
  });
  const std::uint64_t wanted = steps() / 10000; // the two may have to take turns on one CPU
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  std::uint64_t entries = 0;
  while (entries < wanted && std::chrono::steady_clock::now() < deadline) {
    for (const RingIndex index : {RingIndex::kSubmitHead, RingIndex::kSubmitTail,
                                  RingIndex::kCompleteHead, RingIndex::kCompleteTail}) {
      memory.store(index, 0);
    }
    RingConsumer consumer(memory);
    for (int drains = 0; consumer.fault() == RingFault::kNone && drains < 1000; ++drains) {
      const RingDrain drained = consumer.drain([](const RingSubmission& entry) {
        EXPECT_EQ(entry.reserved | entry.padding, 0U);
        return RingResult{};
      });
      EXPECT_LE(drained.entries, kSlots);
      entries += drained.entries;
      if (drained.entries == 0) {
        std::this_thread::yield(); // the program may have no CPU of its own
      }
    }
  }
  ended.store(true, std::memory_order_relaxed);
  program.join();
  EXPECT_GE(entries, wanted);
}

} // namespace
} // namespace schedrig

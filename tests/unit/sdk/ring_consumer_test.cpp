// SPDX-License-Identifier: MIT
// What the consumer of a submission ring holds against a program that breaks the rules, and what it
// promises to one that keeps them.
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ring_rig.hpp"

namespace schedrig {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint32_t kShortOfTheWrap = 0xffffffc0;

TEST(RingConsumer, carries_entries_out_in_order_and_completes_those_that_asked) {
  RingRig rig;
  rig.submit({ring_entry(1), ring_entry(2, kRingNeedCompletion), ring_entry(3)});
  EXPECT_EQ(rig.drain().entries, 3U);
  EXPECT_THAT(rig.carried_out, ElementsAre(1, 2, 3));
  const auto completions = rig.completions();
  ASSERT_THAT(completions, SizeIs(1));
  EXPECT_EQ(completions[0].user_data, 2U);
  EXPECT_EQ(completions[0].result, 4);
  EXPECT_EQ(completions[0].flags, 0);
}

TEST(RingConsumer, sees_nothing_before_it_is_published) {
  RingRig rig;
  ASSERT_EQ(rig.producer.put(ring_entry(1)), RingPut::kDone);
  EXPECT_EQ(rig.drain().entries, 0U);
  rig.producer.publish();
  EXPECT_EQ(rig.drain().entries, 1U);
}

TEST(RingConsumer, completes_every_entry_that_failed_and_goes_on_behind_it) {
  RingRig rig;
  rig.submit({failing_entry(1, EFAULT), ring_entry(2)});
  rig.drain();
  EXPECT_THAT(rig.carried_out, ElementsAre(1, 2));
  const auto completions = rig.completions();
  ASSERT_THAT(completions, SizeIs(1));
  EXPECT_EQ(completions[0].result, -EFAULT);
  EXPECT_EQ(completions[0].flags, kRingFailed);
}

TEST(RingConsumer, indices_wrap_at_two_to_the_32nd) {
  RingRig rig(kShortOfTheWrap);
  for (std::uint32_t round = 0; round < 4; ++round) {
    rig.submit(entries(48, kRingNeedCompletion));
    EXPECT_EQ(rig.drain().entries, 48U);
    EXPECT_THAT(rig.completions(), SizeIs(48));
  }
  EXPECT_EQ(rig.consumer.fault(), RingFault::kNone);
  EXPECT_EQ(rig.memory.load(RingIndex::kSubmitTail), kShortOfTheWrap + 4 * 48);
}

TEST(RingConsumer, takes_a_full_ring_and_no_more) {
  RingRig rig(kShortOfTheWrap + 32);
  for (std::uint32_t i = 0; i < kSlots; ++i) {
    ASSERT_EQ(rig.producer.put(ring_entry(i)), RingPut::kDone);
  }
  EXPECT_EQ(rig.producer.put(ring_entry(kSlots)), RingPut::kFull);
  rig.producer.publish();
  EXPECT_EQ(rig.drain().entries, kSlots);
  EXPECT_EQ(rig.producer.put(ring_entry(kSlots)), RingPut::kDone);
}

TEST(RingConsumer, a_hostile_head_kills_the_ring_before_anything_is_carried_out) {
  for (const std::uint32_t ahead : {kSlots + 1, 0x80000000U, UINT32_MAX}) {
    RingRig rig(7);
    rig.memory.store(RingIndex::kSubmitHead, 7 + ahead);
    const RingDrain drained = rig.drain();
    EXPECT_EQ(drained.fault, RingFault::kTooManyPending) << ahead;
    EXPECT_EQ(drained.entries, 0U);
    EXPECT_EQ(rig.memory.fault(), RingFault::kTooManyPending);
    EXPECT_EQ(rig.region->registers.state, SCHEDRIG_RING_DEAD);
  }
}

TEST(RingConsumer, a_dead_ring_stays_dead_for_its_first_reason) {
  RingRig rig;
  rig.memory.store(RingIndex::kSubmitHead, 1000);
  rig.drain();
  rig.memory.store(RingIndex::kSubmitHead, 1);
  rig.region->registers.state = SCHEDRIG_RING_RUNNING;
  EXPECT_EQ(rig.drain().fault, RingFault::kTooManyPending);
  rig.consumer.kill(RingFault::kStopped);
  EXPECT_EQ(rig.consumer.fault(), RingFault::kTooManyPending);
  EXPECT_THAT(rig.carried_out, IsEmpty());
}

// Changes the ring's words behind each read of them.
class ChangingMemory : public RingMemory {
 public:
  ChangingMemory(RingRegion& region, std::uint32_t* head_reads)
      : RingMemory(region.ring, region.registers), region_(&region), head_reads_(head_reads) {}

  std::uint32_t load(RingIndex index) {
    const std::uint32_t value = RingMemory::load(index);
    if (index == RingIndex::kSubmitHead) {
      ++*head_reads_;
      store(index, value + 1);
    }
    return value;
  }
  RingSubmission submission(std::uint32_t slot) {
    const RingSubmission entry = RingMemory::submission(slot);
    region_->ring.submissions[slot] = ring_entry(666, 0xffff);
    return entry;
  }

 private:
  RingRegion* region_;
  std::uint32_t* head_reads_;
};

TEST(RingConsumer, reads_the_head_once_a_drain_so_that_a_program_cannot_keep_it_busy) {
  const auto region = ring_region();
  std::uint32_t head_reads = 0;
  RingConsumer consumer(ChangingMemory(*region, &head_reads));
  region->ring.submit_head = 3;
  const auto nothing = [](const RingSubmission&) { return RingResult{}; };
  EXPECT_EQ(consumer.drain(nothing).entries, 3U);
  EXPECT_EQ(head_reads, 1U);
}

TEST(RingConsumer, an_entry_changed_after_it_was_read_counts_as_it_was_read) {
  const auto region = ring_region();
  std::uint32_t head_reads = 0;
  RingConsumer consumer(ChangingMemory(*region, &head_reads));
  region->ring.submissions[0] = ring_entry(5, kRingNeedCompletion);
  region->ring.submit_head = 1;
  std::vector<std::uint64_t> carried_out;
  const RingDrain drained = consumer.drain([&](const RingSubmission& entry) {
    carried_out.push_back(entry.user_data);
    return RingResult{};
  });
  EXPECT_EQ(drained.fault, RingFault::kNone);
  EXPECT_THAT(carried_out, ElementsAre(5));
  EXPECT_EQ(region->ring.completions[0].user_data, 5U);
}

TEST(RingConsumer, never_reads_its_own_indices_back) {
  RingRig rig;
  rig.submit(entries(3, kRingNeedCompletion));
  rig.drain();
  rig.memory.store(RingIndex::kSubmitTail, 12345);
  rig.memory.store(RingIndex::kCompleteHead, 54321);
  rig.submit(entries(2, kRingNeedCompletion));
  EXPECT_EQ(rig.drain().entries, 2U);
  EXPECT_EQ(rig.memory.load(RingIndex::kSubmitTail), 5U);
  EXPECT_EQ(rig.memory.load(RingIndex::kCompleteHead), 5U);
}

TEST(RingConsumer, reserved_bits_kill_the_ring_and_the_entries_before_them_are_done) {
  RingSubmission unknown_flag = ring_entry(9, 0x8000);
  RingSubmission reserved = ring_entry(9);
  reserved.reserved = 1;
  RingSubmission padding = ring_entry(9);
  padding.padding = 1ULL << 63U;
  for (const RingSubmission& bad : {unknown_flag, reserved, padding}) {
    RingRig rig;
    rig.submit({ring_entry(1, kRingNeedCompletion), bad, ring_entry(2)});
    const RingDrain drained = rig.drain();
    EXPECT_EQ(drained.fault, RingFault::kReservedBits);
    EXPECT_EQ(drained.entries, 1U);
    EXPECT_THAT(rig.carried_out, ElementsAre(1));
    EXPECT_THAT(user_data(rig.completions()), ElementsAre(1));
    EXPECT_EQ(rig.memory.load(RingIndex::kSubmitTail), 1U);
  }
}

TEST(RingConsumer, carries_nothing_out_that_it_has_no_room_to_complete) {
  RingRig rig;
  rig.submit(entries(kSlots, kRingNeedCompletion));
  rig.drain();
  rig.submit({ring_entry(100, kRingNeedCompletion), ring_entry(101)});
  const RingDrain stalled = rig.drain();
  EXPECT_TRUE(stalled.stalled);
  EXPECT_EQ(stalled.entries, 0U);
  EXPECT_THAT(rig.carried_out, SizeIs(kSlots));
  EXPECT_EQ(rig.consumer.counts().stalls, 1U);
  ASSERT_TRUE(rig.producer.take());
  EXPECT_EQ(rig.drain().entries, 1U); // one place: the second entry might fail
  EXPECT_THAT(rig.completions(), SizeIs(kSlots));
  EXPECT_EQ(rig.drain().entries, 1U);
  EXPECT_EQ(rig.consumer.fault(), RingFault::kNone);
}

TEST(RingConsumer, a_hostile_completion_index_kills_the_ring) {
  for (const std::uint32_t tail : {kSlots + 1, 0xffffff00U}) {
    RingRig rig;
    rig.submit(entries(kSlots, kRingNeedCompletion));
    rig.drain();
    rig.submit({ring_entry(100)});
    rig.memory.store(RingIndex::kCompleteTail, tail);
    EXPECT_EQ(rig.drain().fault, RingFault::kTooManyCompletions) << tail;
  }
}

TEST(RingConsumer, completions_carry_nothing_but_what_they_say) {
  RingRig rig;
  for (RingCompletion& completion : rig.region->ring.completions) {
    std::memset(static_cast<void*>(&completion), 0xee, sizeof completion);
  }
  rig.submit({ring_entry(1, kRingNeedCompletion)});
  rig.drain();
  for (const std::uint16_t reserved : rig.region->ring.completions[0].reserved) {
    EXPECT_EQ(reserved, 0);
  }
}

TEST(RingConsumer, a_barrier_that_failed_cancels_the_rest_of_its_drain_only) {
  RingRig rig;
  rig.submit({ring_entry(1), failing_entry(2, EIO, kRingBarrier), ring_entry(3),
              ring_entry(4, kRingBarrier)});
  rig.drain();
  EXPECT_THAT(rig.carried_out, ElementsAre(1, 2));
  const auto completions = rig.completions();
  ASSERT_THAT(user_data(completions), ElementsAre(2, 3, 4));
  EXPECT_EQ(completions[0].result, -EIO);
  EXPECT_EQ(completions[1].result, -ECANCELED);
  EXPECT_EQ(completions[2].result, -ECANCELED);
  rig.submit({ring_entry(5)});
  rig.drain();
  EXPECT_THAT(rig.carried_out, ElementsAre(1, 2, 5));
  EXPECT_EQ(rig.consumer.counts().canceled, 2U);
}

TEST(RingConsumer, a_barrier_that_went_well_cancels_nothing) {
  RingRig rig;
  rig.submit({failing_entry(1, EIO), ring_entry(2, kRingBarrier), ring_entry(3)});
  rig.drain();
  EXPECT_THAT(rig.carried_out, ElementsAre(1, 2, 3));
}

TEST(RingConsumer, what_a_failed_barrier_cancels_stays_canceled_across_a_full_completion_ring) {
  RingRig rig;
  rig.submit(entries(kSlots - 1, kRingNeedCompletion));
  rig.drain();
  rig.submit({failing_entry(100, EIO, kRingBarrier), ring_entry(101), ring_entry(102)});
  EXPECT_TRUE(rig.drain().stalled);
  rig.submit({ring_entry(103)}); // after the host's look: not canceled
  (void)rig.completions();
  rig.drain();
  EXPECT_THAT(user_data(rig.completions()), ElementsAre(101, 102));
  EXPECT_EQ(rig.carried_out.back(), 103U);
}

TEST(RingConsumer, a_barrier_starts_when_what_is_before_it_has_been_published) {
  RingRig rig;
  rig.submit({ring_entry(1, kRingNeedCompletion), ring_entry(2, kRingBarrier)});
  std::uint32_t published = 0;
  rig.consumer.drain([&](const RingSubmission& entry) {
    if (entry.user_data == 2) {
      published = rig.memory.load(RingIndex::kCompleteHead);
    }
    return RingResult{};
  });
  EXPECT_EQ(published, 1U);
}

TEST(RingConsumer, doorbells_without_work_are_counted_and_change_nothing) {
  RingRig rig;
  for (int i = 0; i < 100'000; ++i) {
    const RingDrain drained = rig.drain();
    ASSERT_EQ(drained.entries, 0U);
    ASSERT_EQ(drained.fault, RingFault::kNone);
  }
  EXPECT_EQ(rig.consumer.counts().empty, 100'000U);
  EXPECT_EQ(rig.consumer.counts().entries, 0U);
}

TEST(RingConsumer, says_when_the_program_has_more_to_come) {
  RingRig rig;
  rig.submit({ring_entry(1, kRingMoreComing)});
  EXPECT_TRUE(rig.drain().more_coming);
  rig.submit({ring_entry(1, kRingMoreComing), ring_entry(2)});
  EXPECT_FALSE(rig.drain().more_coming);
}

TEST(RingProducer, a_consumer_whose_index_makes_no_sense_is_reported) {
  RingRig rig;
  rig.submit(entries(kSlots, 0));
  rig.memory.store(RingIndex::kSubmitTail, 99);
  EXPECT_EQ(rig.producer.put(ring_entry(1)), RingPut::kBadConsumer);
  rig.memory.store(RingIndex::kCompleteHead, 99);
  EXPECT_FALSE(rig.producer.take());
}

TEST(RingProducer, takes_all_completions_in_order_and_gives_their_slots_back_at_once) {
  RingRig rig;
  rig.submit(entries(kSlots, kRingNeedCompletion));
  rig.drain();
  std::vector<std::uint64_t> taken;
  EXPECT_EQ(rig.producer.take_all([&](const RingCompletion& completion) {
    EXPECT_EQ(rig.memory.load(RingIndex::kCompleteTail), 0U) << "given back before it was read";
    taken.push_back(completion.user_data);
  }),
            64U);
  EXPECT_EQ(taken, rig.carried_out);
  EXPECT_EQ(rig.memory.load(RingIndex::kCompleteTail), 64U);
  EXPECT_FALSE(rig.producer.take());
  EXPECT_EQ(rig.producer.take_all([](const RingCompletion&) { FAIL() << "there is none"; }), 0U);
}

TEST(RingProducer, takes_nothing_of_a_consumer_whose_index_makes_no_sense) {
  RingRig rig;
  rig.memory.store(RingIndex::kCompleteHead, 65);
  EXPECT_EQ(rig.producer.take_all([](const RingCompletion&) { FAIL() << "not one of 65"; }), 0U);
  EXPECT_EQ(rig.memory.load(RingIndex::kCompleteTail), 0U);
}

TEST(RingData, parts_lie_within_the_area_whatever_their_numbers) {
  std::array<std::uint8_t, 100> area{};
  EXPECT_THAT(ring_data(area, 0, 100), SizeIs(100));
  EXPECT_THAT(ring_data(area, 99, 1), SizeIs(1));
  EXPECT_THAT(ring_data(area, 99, 2), IsEmpty());
  EXPECT_THAT(ring_data(area, 101, 0), IsEmpty());
  EXPECT_THAT(ring_data(area, UINT64_MAX, 2), IsEmpty());
  EXPECT_THAT(ring_data(area, 2, UINT64_MAX), IsEmpty());
}

} // namespace
} // namespace schedrig

// SPDX-License-Identifier: MIT
// Operations of a submission ring that go on after their entry was left behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ring_rig.hpp"

namespace schedrig {
namespace {

using testing::ElementsAre;

// What the entries of a rig whose operations all go on are answered with.
RingDrain drain_pending(RingRig& rig) {
  return rig.consumer.drain([&](const RingSubmission& entry) {
    rig.carried_out.push_back(entry.user_data);
    return RingResult::later();
  });
}

TEST(RingPending, an_operation_that_goes_on_completes_when_it_is_done) {
  RingRig rig;
  rig.submit({ring_entry(1, kRingNeedCompletion), ring_entry(2)});
  EXPECT_EQ(drain_pending(rig).entries, 2U);
  EXPECT_THAT(user_data(rig.completions()), ElementsAre());
  rig.consumer.complete_pending(2, 0, RingResult{});
  EXPECT_THAT(user_data(rig.completions()), ElementsAre()) << "nobody asked";
  rig.consumer.complete_pending(1, kRingNeedCompletion, RingResult{7});
  const auto done = rig.completions();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done[0].user_data, 1U);
  EXPECT_EQ(done[0].result, 7);
}

TEST(RingPending, a_barrier_waits_for_operations_that_go_on) {
  RingRig rig;
  rig.submit({ring_entry(1, kRingNeedCompletion), ring_entry(2, kRingBarrier)});
  EXPECT_EQ(drain_pending(rig).entries, 1U);
  EXPECT_EQ(drain_pending(rig).entries, 0U);
  rig.consumer.complete_pending(1, kRingNeedCompletion, RingResult{});
  EXPECT_EQ(rig.drain().entries, 1U);
  EXPECT_THAT(rig.carried_out, ElementsAre(1, 2));
}

TEST(RingPending, an_operation_that_ends_one_before_it_completes_both) {
  RingRig rig;
  rig.submit({ring_entry(1, kRingNeedCompletion), ring_entry(2, kRingNeedCompletion),
              ring_entry(3, kRingNeedCompletion)});
  rig.consumer.drain([&](const RingSubmission& entry) {
    if (entry.user_data == 2) {
      rig.consumer.complete_pending(1, kRingNeedCompletion, RingResult{5});
      rig.consumer.complete_pending(1, kRingNeedCompletion, RingResult{6}); // nothing goes on
    }
    return entry.user_data == 1 ? RingResult::later() : RingResult{};
  });
  EXPECT_THAT(user_data(rig.completions()), testing::UnorderedElementsAre(1, 2, 3));
  EXPECT_EQ(rig.consumer.counts().completions, 3U);
}

TEST(RingPending, keeps_room_for_what_goes_on) {
  RingRig rig;
  rig.submit({ring_entry(1000, kRingNeedCompletion)});
  drain_pending(rig);
  rig.submit(entries(kSlots, kRingNeedCompletion));
  EXPECT_TRUE(rig.drain().stalled);
  EXPECT_EQ(rig.carried_out.size(), kSlots) << "one, and all but one";
  rig.consumer.complete_pending(1000, kRingNeedCompletion, RingResult{});
  EXPECT_EQ(rig.completions().size(), kSlots);
  EXPECT_EQ(rig.drain().entries, 1U);
}

} // namespace
} // namespace schedrig

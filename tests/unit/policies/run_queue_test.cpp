// SPDX-License-Identifier: MIT
// One EEVDF queue by itself.
#include <array>

#include <gtest/gtest.h>

#include "plugins/schedulers/eevdf/run_queue.hpp"

namespace schedrig::eevdf {
namespace {

constexpr std::int64_t kMs = 1'000'000;

Entity entity(std::int64_t weight, std::int64_t slice_ns = 3 * kMs) {
  Entity each;
  each.weight = weight;
  each.slice_ns = slice_ns;
  return each;
}

// Runs what the queue picks for `total`, in steps, switching when the queue asks for it.
template <std::size_t N>
void run(RunQueue& queue, std::array<std::int64_t, N>& ran, std::int64_t total, std::int64_t step) {
  for (std::int64_t t = 0; t < total; t += step) {
    if (queue.current() == nullptr) {
      queue.set_current(*queue.pick(true));
    }
    ran[queue.current()->owner] += step;
    if (queue.charge(step)) {
      Entity* const next = queue.pick(true);
      if (next != queue.current()) {
        queue.put_current();
        queue.set_current(*next);
      }
    }
  }
}

TEST(RunQueue, time_is_shared_by_weight) {
  RunQueue queue;
  Entity a = entity(1024);
  Entity b = entity(335);
  b.owner = 1;
  queue.enqueue(a, true);
  queue.enqueue(b, true);
  std::array<std::int64_t, 2> ran{};
  run(queue, ran, 10'000 * kMs, kMs);
  const double share = static_cast<double>(ran[0]) / static_cast<double>(ran[0] + ran[1]);
  EXPECT_NEAR(share, 1024.0 / (1024 + 335), 0.002);
}

TEST(RunQueue, an_entity_ahead_of_the_average_is_not_eligible) {
  RunQueue queue;
  Entity a = entity(1024);
  Entity b = entity(1024);
  queue.enqueue(a, false);
  queue.enqueue(b, false);
  queue.set_current(a);
  EXPECT_TRUE(queue.eligible(a));
  queue.charge(kMs);
  EXPECT_FALSE(queue.eligible(a));
  EXPECT_TRUE(queue.eligible(b));
}

TEST(RunQueue, of_the_eligible_the_earliest_deadline_is_picked) {
  RunQueue queue;
  Entity slow = entity(1024, 10 * kMs);
  Entity fast = entity(1024, kMs);
  queue.enqueue(slow, false);
  queue.enqueue(fast, false);
  EXPECT_EQ(queue.pick(true), &fast);
}

TEST(RunQueue, lag_survives_a_time_off_the_queue) {
  RunQueue queue;
  Entity a = entity(1024);
  Entity b = entity(1024);
  queue.enqueue(a, false);
  queue.enqueue(b, false);
  queue.set_current(a);
  queue.charge(2 * kMs);
  queue.put_current();
  queue.dequeue(b, true);
  EXPECT_EQ(b.vlag, kMs); // the average moved on by 1 ms
  const std::int64_t average_before = a.vruntime;
  queue.enqueue(b, false);
  // Inflated so that, with b back on, b is 1 ms behind the new average.
  EXPECT_EQ(b.vruntime, average_before - (2 * kMs));
}

TEST(RunQueue, only_a_sleep_ends_in_a_fresh_slice) {
  RunQueue queue;
  Entity a = entity(1024);
  Entity b = entity(1024);
  queue.enqueue(a, false);
  queue.enqueue(b, false);
  queue.set_current(a);
  queue.charge(kMs);
  queue.put_current();
  const std::int64_t rest = a.deadline - a.vruntime;
  queue.dequeue(a, false);
  queue.enqueue(a, false);
  EXPECT_EQ(a.deadline - a.vruntime, rest);
  queue.dequeue(a, true);
  queue.enqueue(a, false);
  EXPECT_EQ(a.deadline - a.vruntime, rest + kMs);
}

TEST(RunQueue, lag_is_bounded_by_two_slices) {
  RunQueue queue;
  Entity a = entity(1024);
  Entity b = entity(1024);
  queue.enqueue(a, false);
  queue.enqueue(b, false);
  queue.set_current(a);
  queue.charge(1000 * kMs);
  queue.put_current();
  queue.dequeue(b, true);
  EXPECT_EQ(b.vlag, 6 * kMs);
}

TEST(RunQueue, a_running_entity_is_protected_for_the_shortest_slice_on_the_queue) {
  RunQueue queue;
  Entity a = entity(1024, 10 * kMs);
  Entity b = entity(335, 2 * kMs); // so light that a stays eligible for a while
  queue.enqueue(a, false);
  queue.enqueue(b, false);
  queue.set_current(a);
  EXPECT_EQ(queue.pick(true), &a);
  EXPECT_FALSE(queue.charge(kMs));
  EXPECT_TRUE(queue.charge(kMs)); // 2 ms: protection over, the deadline is not
}

TEST(RunQueue, a_change_of_weight_keeps_lag_in_proportion) {
  RunQueue queue;
  Entity a = entity(1024);
  Entity b = entity(1024);
  queue.enqueue(a, false);
  queue.enqueue(b, false);
  queue.set_current(a);
  queue.charge(2 * kMs);
  queue.put_current();
  queue.reweight(b, 2048);
  EXPECT_TRUE(queue.eligible(b));
  EXPECT_FALSE(queue.eligible(a));
  EXPECT_EQ(queue.load(), 3072);
}

} // namespace
} // namespace schedrig::eevdf

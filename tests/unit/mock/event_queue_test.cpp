// SPDX-License-Identifier: MIT
// The event queue by itself: order and ties; and the queues that it has company in.
#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include <schedrig/prng.hpp>

#include "plugins/mock/sim/dsq.hpp"
#include "plugins/mock/sim/event_queue.hpp"

namespace schedrig::mock::test {
namespace {

TEST(EventQueue, events_come_in_order_of_time) {
  EventQueue queue;
  Prng random(1, 2);
  std::vector<Nanos> times;
  for (int i = 0; i < 10'000; ++i) {
    times.push_back(static_cast<Nanos>(random.below(1'000)));
    queue.push(times.back(), SimEventKind::kStep, 0, 0);
  }
  std::sort(times.begin(), times.end());
  for (const Nanos time : times) {
    ASSERT_EQ(queue.pop().at, time);
  }
  EXPECT_TRUE(queue.empty());
}

TEST(EventQueue, at_one_time_the_first_pushed_comes_first) {
  EventQueue queue;
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    queue.push(i % 3, i % 2 == 0 ? SimEventKind::kTimer : SimEventKind::kTick, i, 7);
  }
  for (std::uint32_t time = 0; time < 3; ++time) {
    for (std::uint32_t i = time; i < 1'000; i += 3) {
      const SimEvent event = queue.pop();
      ASSERT_EQ(event.target, i);
      ASSERT_EQ(event.kind(), i % 2 == 0 ? SimEventKind::kTimer : SimEventKind::kTick);
      ASSERT_EQ(event.generation, 7U);
    }
  }
}

TEST(Dsq, vtime_order_wraps_and_keeps_ties_in_order) {
  std::vector<Task> tasks(5);
  Dsq dsq;
  const std::uint64_t start = ~0ULL - 1;
  for (const auto& [id, vtime] : {std::pair<TaskId, std::uint64_t>{0, start + 4},
                                  {1, start},
                                  {2, start + 1},
                                  {3, start},
                                  {4, start + 3}}) {
    tasks[id].sim.dsq_vtime = vtime;
    dsq_push_vtime(dsq, tasks, id);
  }
  dsq_remove(dsq, tasks, 4);
  std::vector<TaskId> order;
  while (dsq.nr > 0) {
    order.push_back(dsq_find(dsq, tasks, [](const Task&) { return true; }));
    dsq_remove(dsq, tasks, order.back());
  }
  EXPECT_EQ(order, (std::vector<TaskId>{1, 3, 2, 0}));
}

TEST(Dsq, fifo_order_allows_the_head) {
  std::vector<Task> tasks(3);
  Dsq dsq;
  dsq_push_fifo(dsq, tasks, 0, false);
  dsq_push_fifo(dsq, tasks, 1, false);
  dsq_push_fifo(dsq, tasks, 2, true);
  dsq_remove(dsq, tasks, 0);
  EXPECT_EQ(dsq.head, 2U);
  EXPECT_EQ(tasks[2].next, 1U);
  EXPECT_EQ(dsq.tail, 1U);
  EXPECT_EQ(dsq_find(dsq, tasks, [](const Task& task) { return task.next == kNoTask; }), 1U);
}

} // namespace
} // namespace schedrig::mock::test

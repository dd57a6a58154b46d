// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "host/engine/workers.hpp"

namespace schedrig::engine {
namespace {

WorkGroup work(WorkType type) {
  WorkGroup group;
  group.type = type;
  return group;
}

TEST(WorkerCount, is_as_given_or_one_group_or_a_share_of_the_cpus) {
  EXPECT_EQ(worker_count(work(WorkType::kSpin), 8), 1U);
  EXPECT_EQ(worker_count(work(WorkType::kPipeIo), 8), 2U);
  WorkGroup given = work(WorkType::kSpin);
  given.workers = 5;
  EXPECT_EQ(worker_count(given, 8), 5U);
  WorkGroup share = work(WorkType::kSpin);
  share.workers_pct = 50;
  EXPECT_EQ(worker_count(share, 8), 4U);
  EXPECT_EQ(worker_count(share, 3), 2U);
  share.workers_pct = 200;
  EXPECT_EQ(worker_count(share, 3), 6U);
  share.workers_pct = 1;
  EXPECT_EQ(worker_count(share, 3), 1U);
}

TEST(WorkerCount, rounds_a_share_up_to_whole_groups) {
  WorkGroup share = work(WorkType::kPipeIo);
  share.workers_pct = 100;
  EXPECT_EQ(worker_count(share, 3), 4U);
}

} // namespace
} // namespace schedrig::engine

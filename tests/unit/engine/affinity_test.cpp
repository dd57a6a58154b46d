// SPDX-License-Identifier: MIT
#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>

#include "host/engine/affinity.hpp"

namespace schedrig::engine {
namespace {

using Cpus = std::vector<std::uint32_t>;

// 2 LLCs of 2 cores of 2 threads: CPUs 0-3 and 4-7, cores 0-1, 2-3, 4-5, 6-7.
class ResolveAffinity : public testing::Test {
 protected:
  Result<std::vector<PinnedWorkers>> resolve(const AffinityIntent& intent, std::uint32_t workers,
                                             std::uint32_t unit = 1) {
    return resolve_affinity(intent, workers, unit, {view_, online_, cpuset_}, random_);
  }
  // The CPUs of each worker.
  std::vector<Cpus> by_worker(const AffinityIntent& intent, std::uint32_t workers,
                              std::uint32_t unit = 1) {
    std::vector<Cpus> cpus(workers);
    const auto pins = resolve(intent, workers, unit);
    EXPECT_TRUE(pins) << (pins ? "" : pins.error().message);
    for (const PinnedWorkers& pinned : pins ? *pins : std::vector<PinnedWorkers>{}) {
      for (const std::uint32_t worker : pinned.workers) {
        EXPECT_TRUE(cpus[worker].empty()) << "worker " << worker << " is pinned twice";
        cpus[worker] = pinned.cpus;
      }
    }
    return cpus;
  }
  std::string message(const AffinityIntent& intent) {
    const auto pins = resolve(intent, 1);
    return pins ? "" : pins.error().message;
  }

  Topology topology_ = Topology::uniform(1, 2, 2, 2);
  TopologyView view_ = topology_.view();
  Cpus online_ = {0, 1, 2, 3, 4, 5, 6, 7};
  Cpus cpuset_;
  Prng random_{42, 1000};
};

TEST_F(ResolveAffinity, inherit_and_cross_cgroup_are_all_online_cpus_whatever_the_cpuset) {
  cpuset_ = {1, 2};
  EXPECT_EQ(by_worker(InheritAffinity{}, 2), (std::vector<Cpus>{online_, online_}));
  EXPECT_EQ(by_worker(CrossCgroupAffinity{}, 1), (std::vector<Cpus>{online_}));
}

TEST_F(ResolveAffinity, exact_is_taken_as_it_is) {
  cpuset_ = {1, 2};
  EXPECT_EQ(by_worker(ExactAffinity{.cpus = {6, 7}}, 2), (std::vector<Cpus>{{6, 7}, {6, 7}}));
}

TEST_F(ResolveAffinity, single_cpu_goes_round_the_cpuset) {
  cpuset_ = {2, 5};
  EXPECT_EQ(by_worker(SingleCpuAffinity{}, 3), (std::vector<Cpus>{{2}, {5}, {2}}));
}

TEST_F(ResolveAffinity, llc_keeps_a_unit_together_and_within_the_cpuset) {
  EXPECT_EQ(by_worker(LlcAffinity{}, 4, 2),
            (std::vector<Cpus>{{0, 1, 2, 3}, {0, 1, 2, 3}, {4, 5, 6, 7}, {4, 5, 6, 7}}));
  cpuset_ = {3, 4, 5};
  EXPECT_EQ(by_worker(LlcAffinity{}, 3), (std::vector<Cpus>{{3}, {4, 5}, {3}}));
}

TEST_F(ResolveAffinity, smt_pair_puts_two_workers_on_the_threads_of_a_core) {
  cpuset_ = {0, 2, 3, 6, 7}; // of core 0 one thread only
  EXPECT_EQ(by_worker(SmtPairAffinity{}, 5),
            (std::vector<Cpus>{{2, 3}, {2, 3}, {6, 7}, {6, 7}, {2, 3}}));
}

TEST_F(ResolveAffinity, smt_pair_without_siblings_says_what_there_is) {
  cpuset_ = {0, 2};
  const auto pins = resolve(SmtPairAffinity{}, 0);
  ASSERT_FALSE(pins);
  EXPECT_EQ(pins.error().code, StatusCode::kNotFound);
  EXPECT_EQ(pins.error().message, "smt_pair: no core has two CPUs among 0,2");
  EXPECT_NE(pins.error().help.find("1n2l2c2t"), std::string::npos) << pins.error().help;
}

TEST_F(ResolveAffinity, random_draws_for_each_worker_from_the_cpuset_without_repetition) {
  cpuset_ = {1, 3, 4, 6};
  const auto cpus = by_worker(RandomAffinity{.count = 3}, 64);
  for (const Cpus& each : cpus) {
    EXPECT_EQ(each.size(), 3U);
    EXPECT_TRUE(std::ranges::is_sorted(each));
    EXPECT_EQ(std::ranges::adjacent_find(each), each.end());
    EXPECT_TRUE(std::ranges::includes(cpuset_, each));
  }
  // Each of the four possible draws comes up among 64.
  auto different = cpus;
  std::ranges::sort(different);
  const auto repeated = std::ranges::unique(different);
  different.erase(repeated.begin(), repeated.end());
  EXPECT_EQ(different.size(), 4U);
}

TEST_F(ResolveAffinity, random_is_the_seeds) {
  const auto first = by_worker(RandomAffinity{.count = 2}, 16);
  random_ = Prng(42, 1000);
  EXPECT_EQ(by_worker(RandomAffinity{.count = 2}, 16), first);
  random_ = Prng(43, 1000);
  EXPECT_NE(by_worker(RandomAffinity{.count = 2}, 16), first);
}

TEST_F(ResolveAffinity, random_refuses_none_and_more_than_there_are) {
  cpuset_ = {0, 1};
  EXPECT_EQ(message(RandomAffinity{.count = 0}), "random affinity of 0 CPUs out of 2 (0-1)");
  EXPECT_EQ(message(RandomAffinity{.count = 3}), "random affinity of 3 CPUs out of 2 (0-1)");
}

} // namespace
} // namespace schedrig::engine

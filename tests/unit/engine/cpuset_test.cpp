// SPDX-License-Identifier: MIT
// The worked examples of docs/reference/ops.md ("CPU sets") and every refusal.
#include <limits>

#include <gtest/gtest.h>

#include "host/engine/cpuset.hpp"

namespace schedrig::engine {
namespace {

const std::vector<std::uint32_t> kEight = {0, 1, 2, 3, 4, 5, 6, 7};

std::string cpus(const CpusetSpec& spec, const Topology& topology,
                 const std::vector<std::uint32_t>& online) {
  const auto resolved = resolve(spec, topology.view(), online);
  return resolved ? to_cpulist(*resolved) : "error: " + resolved.error().message;
}

TEST(Cpuset, resolves_the_documented_examples) {
  const Topology topology = Topology::uniform(2, 4, 2, 1);
  EXPECT_EQ(cpus(RangeCpus{.start = 0.25, .end = 0.75}, topology, kEight), "2-5");
  EXPECT_EQ(cpus(DisjointCpus{.index = 1, .of = 3}, topology, kEight), "2-4");
  EXPECT_EQ(cpus(OverlapCpus{.index = 1, .of = 2, .frac = 0.5}, topology, kEight), "2-7");
  EXPECT_EQ(cpus(LlcCpus{.llc = 3}, topology, kEight), "6-7");
  EXPECT_EQ(cpus(NumaCpus{.node = 1}, topology, kEight), "4-7");
  EXPECT_EQ(cpus(ExactCpus{.cpus = {0, 3, 4}}, topology, kEight), "0,3-4");
}

TEST(Cpuset, parts_are_rounded_down_and_clipped_to_the_machine) {
  const Topology topology = Topology::uniform(1, 1, 8, 1);
  EXPECT_EQ(cpus(RangeCpus{.start = 0.3, .end = 0.7}, topology, kEight), "2-4");
  EXPECT_EQ(cpus(OverlapCpus{.index = 0, .of = 2, .frac = 0.5}, topology, kEight), "0-5");
  EXPECT_EQ(cpus(OverlapCpus{.index = 1, .of = 4, .frac = 0.9}, topology, kEight), "1-4");
}

TEST(Cpuset, positions_count_online_cpus_only) {
  const Topology topology = Topology::uniform(1, 2, 4, 1);
  const std::vector<std::uint32_t> online = {0, 2, 4, 6};
  EXPECT_EQ(cpus(RangeCpus{.start = 0.5, .end = 1.0}, topology, online), "4,6");
  EXPECT_EQ(cpus(LlcCpus{.llc = 0}, topology, online), "0,2");
  EXPECT_EQ(cpus(ExactCpus{.cpus = {1}}, topology, online), "error: CPU 1 is not online");
}

TEST(Cpuset, disjoint_parts_cover_every_cpu_once) {
  const Topology topology = Topology::uniform(1, 1, 8, 1);
  for (std::uint32_t of = 1; of <= 8; ++of) {
    std::vector<std::uint32_t> all;
    for (std::uint32_t index = 0; index < of; ++index) {
      const auto part = resolve(DisjointCpus{.index = index, .of = of}, topology.view(), kEight);
      ASSERT_TRUE(part) << part.error().message;
      all.insert(all.end(), part->begin(), part->end());
    }
    EXPECT_EQ(all, kEight) << "of " << of;
  }
}

TEST(Cpuset, refuses_what_selects_nothing_or_does_not_exist) {
  const Topology topology = Topology::uniform(1, 2, 4, 1);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<CpusetSpec> bad = {
      LlcCpus{.llc = 2},
      NumaCpus{.node = 1},
      RangeCpus{.start = 0.5, .end = 0.5},
      RangeCpus{.start = 0.0, .end = 0.01},
      RangeCpus{.start = nan, .end = 1.0},
      RangeCpus{.start = -0.1, .end = 1.0},
      RangeCpus{.start = 0.0, .end = 1.5},
      DisjointCpus{.index = 3, .of = 3},
      DisjointCpus{.index = 0, .of = 0},
      DisjointCpus{.index = 0, .of = 9},
      OverlapCpus{.index = 0, .of = 2, .frac = nan},
      OverlapCpus{.index = 0, .of = 2, .frac = 1.1},
      ExactCpus{},
      ExactCpus{.cpus = {8}},
  };
  for (std::size_t i = 0; i < bad.size(); ++i) {
    EXPECT_FALSE(resolve(bad[i], topology.view(), kEight)) << "case " << i;
  }
  const auto llc = resolve(LlcCpus{.llc = 2}, topology.view(), kEight);
  EXPECT_EQ(llc.error().help, "the topology has LLCs 0 to 1");
}

TEST(Cpuset, an_llc_that_is_wholly_offline_is_an_error) {
  const Topology topology = Topology::uniform(1, 2, 2, 1);
  const std::vector<std::uint32_t> online = {0, 1};
  EXPECT_EQ(cpus(LlcCpus{.llc = 1}, topology, online), "error: llc = 1 has no online CPU");
}

} // namespace
} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "host/engine/mem_policy.hpp"

namespace schedrig::engine {
namespace {

using Nodes = std::vector<std::uint32_t>;

// Node 0 with CPUs 0-1, node 1 with CPUs 2-3, node 2 with memory only.
class CheckMemPolicy : public testing::Test {
 protected:
  CheckMemPolicy() {
    topology_.nodes.push_back({.first_llc = 2, .llc_count = 0, .memory_bytes = 0});
  }
  std::string error(MemPolicyMode mode, Nodes nodes, const std::vector<std::uint32_t>& cpuset) {
    const TopologyView view = topology_.view();
    const auto checked = check_mem_policy({.mode = mode, .nodes = std::move(nodes)}, view, cpuset);
    return checked ? "" : checked.error().message;
  }

  Topology topology_ = Topology::uniform(2, 2, 2, 1);
};

TEST_F(CheckMemPolicy, nodes_are_those_of_the_cpuset) {
  EXPECT_EQ(error(MemPolicyMode::kBind, {0}, {0, 1}), "");
  EXPECT_EQ(error(MemPolicyMode::kBind, {0, 1}, {1, 2}), "");
  EXPECT_EQ(error(MemPolicyMode::kBind, {0, 1}, {0, 1}),
            "mem_policy names node 1, of which the cpuset 0-1 has no CPU");
  EXPECT_EQ(error(MemPolicyMode::kInterleave, {2}, {0, 1, 2, 3}),
            "mem_policy names node 2, of which the cpuset 0-3 has no CPU");
}

TEST_F(CheckMemPolicy, without_a_cpuset_they_are_the_topologys) {
  EXPECT_EQ(error(MemPolicyMode::kInterleave, {0, 1, 2}, {}), "");
  EXPECT_EQ(error(MemPolicyMode::kPreferredMany, {3}, {}),
            "mem_policy names node 3, which the topology lacks");
}

TEST_F(CheckMemPolicy, each_mode_takes_its_number_of_nodes) {
  EXPECT_EQ(error(MemPolicyMode::kDefault, {}, {}), "");
  EXPECT_EQ(error(MemPolicyMode::kLocal, {}, {}), "");
  EXPECT_EQ(error(MemPolicyMode::kLocal, {0}, {}), "mem_policy default and local take no nodes");
  EXPECT_EQ(error(MemPolicyMode::kBind, {}, {}), "mem_policy has no nodes");
  EXPECT_EQ(error(MemPolicyMode::kPreferred, {1}, {}), "");
  EXPECT_EQ(error(MemPolicyMode::kPreferred, {0, 1}, {}),
            "mem_policy preferred names the nodes 0-1");
}

} // namespace
} // namespace schedrig::engine

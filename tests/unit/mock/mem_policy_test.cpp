// SPDX-License-Identifier: MIT
// The memory policy facet of the mock machine answers as set_mempolicy(2).
#include <cerrno>

#include <gtest/gtest.h>

#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

using Nodes = std::vector<std::uint32_t>;

TEST(MemPolicy, modes_take_the_nodes_that_the_kernel_takes) {
  TestMachine m(Topology::uniform(2, 2, 1, 1));
  const auto set = [&](MemPolicyMode mode, const Nodes& nodes) {
    return m.mem_policy().set_for_spawn(mode, nodes).os_errno;
  };
  for (const auto mode :
       {MemPolicyMode::kBind, MemPolicyMode::kPreferred, MemPolicyMode::kInterleave,
        MemPolicyMode::kPreferredMany, MemPolicyMode::kWeightedInterleave}) {
    EXPECT_EQ(set(mode, {1}), 0);
    EXPECT_EQ(set(mode, {1, 7}), 0); // node 7 is passed over
    EXPECT_EQ(set(mode, {}), EINVAL);
    EXPECT_EQ(set(mode, {2}), EINVAL);
  }
  for (const auto mode : {MemPolicyMode::kDefault, MemPolicyMode::kLocal}) {
    EXPECT_EQ(set(mode, {}), 0);
    EXPECT_EQ(set(mode, {0}), EINVAL);
  }
}

TEST(MemPolicy, what_is_no_policy_is_refused) {
  TestMachine m(1);
  const auto code = [&](std::uint32_t mode, const Nodes& nodes) {
    return m.mem_policy().set_for_spawn(static_cast<MemPolicyMode>(mode), nodes).code;
  };
  EXPECT_EQ(code(kMemPolicyModes, {}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code(1, {kMaxMemNodes}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code(1, Nodes(kMaxMemNodes + 1, 0)), StatusCode::kInvalidArgument);
}

} // namespace
} // namespace schedrig::mock::test

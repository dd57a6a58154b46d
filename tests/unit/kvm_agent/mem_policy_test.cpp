// SPDX-License-Identifier: MIT
// The memory policy facet from the host's side to real workers of this machine.
#include <cerrno>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent_process.hpp"

namespace schedrig::kvm {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Nodes = std::vector<std::uint32_t>;

class OnePid final : public PidSink {
 public:
  void on_pid(std::uint32_t /*worker*/, std::int32_t pid) noexcept override { value = pid; }
  std::int32_t value = 0;
};

class MemPolicyTest : public ::testing::Test {
 protected:
  // Policy and place of each mapping of a fresh worker (Documentation: numa_maps in proc(5)).
  std::string numa_maps_of_a_worker() {
    const WorkSpec spinner{.workers = 1, .cpus = {}};
    std::uint32_t group = 0;
    OnePid pid;
    const Status status = agent_.tasks.spawn(spinner, &group, pid);
    EXPECT_TRUE(status.ok()) << status.message;
    std::ifstream file("/proc/" + std::to_string(pid.value) + "/numa_maps");
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  AgentProcess agent_;
};

TEST_F(MemPolicyTest, workers_inherit_it_and_those_after_the_default_do_not) {
  Status status = agent_.mem_policy.set_for_spawn(MemPolicyMode::kBind, Nodes{0});
  ASSERT_TRUE(status.ok()) << status.message;
  EXPECT_THAT(numa_maps_of_a_worker(), HasSubstr("bind:0"));
  status = agent_.mem_policy.set_for_spawn(MemPolicyMode::kInterleave, Nodes{0});
  ASSERT_TRUE(status.ok()) << status.message;
  EXPECT_THAT(numa_maps_of_a_worker(), HasSubstr("interleave:0"));
  status = agent_.mem_policy.set_for_spawn(MemPolicyMode::kDefault, {});
  ASSERT_TRUE(status.ok()) << status.message;
  const std::string maps = numa_maps_of_a_worker();
  EXPECT_THAT(maps, HasSubstr(" default "));
  EXPECT_THAT(maps, Not(HasSubstr("bind")));
}

TEST_F(MemPolicyTest, the_kernels_refusal_is_named) {
  const Status status = agent_.mem_policy.set_for_spawn(MemPolicyMode::kBind, Nodes{1000});
  EXPECT_EQ(status.code, StatusCode::kOs);
  EXPECT_EQ(status.os_errno, EINVAL);
  EXPECT_THAT(status.message, HasSubstr("set_mempolicy"));
  EXPECT_EQ(agent_.mem_policy.set_for_spawn(MemPolicyMode::kBind, {}).os_errno, EINVAL);
}

TEST_F(MemPolicyTest, what_is_no_policy_is_refused_before_the_kernel_sees_it) {
  // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): what a wrong caller does
  EXPECT_EQ(agent_.mem_policy.set_for_spawn(static_cast<MemPolicyMode>(99), {}).code,
            StatusCode::kInvalidArgument);
  EXPECT_EQ(agent_.mem_policy.set_for_spawn(MemPolicyMode::kBind, Nodes{kMaxMemNodes}).code,
            StatusCode::kInvalidArgument);
  EXPECT_EQ(agent_.mem_policy.set_for_spawn(MemPolicyMode::kBind, Nodes(kMaxMemNodes + 1, 0)).code,
            StatusCode::kInvalidArgument);
}

} // namespace
} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// The affinity facet from the host's side to real processes of this machine.
#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include "agent_process.hpp"

namespace schedrig::kvm {
namespace {

using ::testing::HasSubstr;

class Pids final : public PidSink {
 public:
  void on_pid(std::uint32_t /*worker*/, std::int32_t pid) noexcept override { all.push_back(pid); }
  std::vector<std::int32_t> all;
};

class Affinity : public ::testing::Test {
 protected:
  void SetUp() override {
    const WorkSpec two_spinners{.workers = 2, .cpus = {}};
    std::uint32_t group = 0;
    ASSERT_TRUE(agent_.tasks.spawn(two_spinners, &group, workers_).ok());
    ASSERT_TRUE(agent_.tasks.start(group).ok());
  }

  static std::vector<std::uint32_t> allowed_cpus(pid_t pid) {
    cpu_set_t set;
    EXPECT_EQ(::sched_getaffinity(pid, sizeof set, &set), 0);
    std::vector<std::uint32_t> cpus;
    for (std::uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &set)) {
        cpus.push_back(cpu);
      }
    }
    return cpus;
  }

  AgentProcess agent_;
  Pids workers_;
};

TEST_F(Affinity, running_workers_get_the_mask_and_lose_it_again) {
  const auto all = allowed_cpus(workers_.all[0]);
  const std::vector<std::uint32_t> last = {all.back()};
  Status status = agent_.affinity.pin(workers_.all, last);
  ASSERT_TRUE(status.ok()) << status.message;
  EXPECT_EQ(allowed_cpus(workers_.all[0]), last);
  EXPECT_EQ(allowed_cpus(workers_.all[1]), last);
  status = agent_.affinity.pin({workers_.all.data(), 1}, all);
  ASSERT_TRUE(status.ok()) << status.message;
  EXPECT_EQ(allowed_cpus(workers_.all[0]), all);
  EXPECT_EQ(allowed_cpus(workers_.all[1]), last);
}

TEST_F(Affinity, cpus_that_the_machine_lacks_are_the_kernels_einval_by_pid) {
  const std::uint32_t cpus[] = {1000};
  const Status status = agent_.affinity.pin(workers_.all, cpus);
  EXPECT_EQ(status.code, StatusCode::kOs);
  EXPECT_EQ(status.os_errno, EINVAL);
  EXPECT_THAT(status.message,
              HasSubstr("sched_setaffinity of pid " + std::to_string(workers_.all[0])));
}

TEST_F(Affinity, a_process_that_does_not_exist_is_esrch_and_those_before_it_are_pinned) {
  const auto all = allowed_cpus(workers_.all[0]);
  const std::int32_t pids[] = {workers_.all[0], 4'194'305, workers_.all[1]}; // above PID_MAX_LIMIT
  const std::uint32_t cpus[] = {all.front()};
  const Status status = agent_.affinity.pin(pids, cpus);
  EXPECT_EQ(status.os_errno, ESRCH);
  EXPECT_EQ(allowed_cpus(workers_.all[0]).size(), 1U);
  EXPECT_EQ(allowed_cpus(workers_.all[1]), all);
}

TEST_F(Affinity, malformed_requests_pin_nobody) {
  const std::uint32_t cpu[] = {0};
  const std::uint32_t far[] = {UINT32_MAX};
  const std::int32_t self[] = {0};
  const std::vector<std::int32_t> many(kMaxPinnedProcesses + 1, workers_.all[0]);
  EXPECT_EQ(agent_.affinity.pin(workers_.all, {}).code, StatusCode::kInvalidArgument);
  EXPECT_EQ(agent_.affinity.pin(workers_.all, far).code, StatusCode::kInvalidArgument);
  EXPECT_EQ(agent_.affinity.pin(self, cpu).code, StatusCode::kInvalidArgument);
  EXPECT_EQ(agent_.affinity.pin(many, cpu).code, StatusCode::kInvalidArgument);
  EXPECT_TRUE(agent_.affinity.pin({}, cpu).ok());
}

} // namespace
} // namespace schedrig::kvm

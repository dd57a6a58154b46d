// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "host/engine/capability.hpp"

namespace schedrig::engine {
namespace {

class MissingCapabilities : public testing::Test {
 protected:
  std::vector<std::string> messages() {
    std::vector<std::string> found;
    for (const Missing& missing : missing_capabilities(scenario_, "plain", info_, facets_)) {
      found.push_back(missing.message);
    }
    return found;
  }
  WorkGroup& add_work() {
    scenario_.backdrop.cgroups.emplace_back().name = "a";
    return scenario_.backdrop.cgroups.back().work.emplace_back();
  }
  void add_op(OpBody body) {
    scenario_.backdrop.ops.push_back({.body = std::move(body), .pos = {}});
  }

  Scenario scenario_;
  BackendInfo info_{.max_cpus = 8};
  Facets facets_ = {{"schedrig.files/1", ""}, {"schedrig.tasks/1", ""}};
};

TEST_F(MissingCapabilities, plain_workers_and_exact_affinities_need_files_and_tasks_alone) {
  add_work().affinity = ExactAffinity{.cpus = {0}};
  add_op(SteerIrq{.irq = 24U, .nth = {}, .cpu = 0});
  EXPECT_TRUE(messages().empty());
}

TEST_F(MissingCapabilities, other_affinities_are_missed_wherever_they_stand) {
  add_work().affinity = LlcAffinity{};
  WorkGroup work;
  work.affinity = SingleCpuAffinity{};
  CgroupDef def;
  def.work = {work};
  add_op(Spawn{.cgroup = {}, .work = work});
  add_op(AddCgroupDef{def});
  EXPECT_EQ(messages(), std::vector<std::string>(
                            3, "an affinity other than inherit and exact needs "
                               "schedrig.affinity/1, which backend \"plain\" does not have"));
  facets_["schedrig.affinity/1"] = "";
  EXPECT_TRUE(messages().empty());
}

TEST_F(MissingCapabilities, ops_and_memory_policies_say_why_a_facet_is_not_there) {
  facets_["schedrig.affinity/1"] = "no such system call";
  add_op(SetAffinity{.cgroup = "a", .affinity = InheritAffinity{}});
  add_work().mem_policy = {.mode = MemPolicyMode::kBind, .nodes = {0}};
  EXPECT_EQ(messages(), (std::vector<std::string>{
                            "mem_policy needs schedrig.mempolicy/1, which backend \"plain\" does "
                            "not have",
                            "op set_affinity needs schedrig.affinity/1, which backend \"plain\" "
                            "does not have here: no such system call"}));
}

TEST(ExceededLimits, memory_is_held_to_what_the_backend_says_of_itself) {
  Scenario scenario;
  scenario.machine.memory_bytes = 64U << 20U;
  BackendInfo info{.max_cpus = 8};
  EXPECT_TRUE(exceeded_limits(scenario, "plain", info).empty()) << "0: no limit";
  info.min_memory_bytes = 128U << 20U;
  auto found = exceeded_limits(scenario, "plain", info);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].key, "memory");
  EXPECT_EQ(found[0].message,
            "the machine has 64MiB of memory, backend \"plain\" needs at least 128MiB");
  scenario.machine.memory_bytes = 4ULL << 30U;
  info.max_memory_bytes = 3ULL << 30U;
  found = exceeded_limits(scenario, "plain", info);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].message,
            "the machine has 4GiB of memory, backend \"plain\" offers at most 3GiB");
}

} // namespace
} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "host/engine/machine_fit.hpp"

namespace schedrig::engine {
namespace {

// 2 nodes with an LLC of 2 CPUs each.
Scenario on_four_cpus() {
  Scenario scenario;
  scenario.machine.topology = Topology::uniform(2, 2, 2, 1);
  scenario.steps.emplace_back();
  return scenario;
}

std::vector<std::string> misfits_of_op(OpBody body) {
  Scenario scenario = on_four_cpus();
  Op op;
  op.body = std::move(body);
  op.pos.line = 7;
  scenario.steps[0].ops.push_back(std::move(op));
  std::vector<std::string> messages;
  for (const Missing& one : machine_misfits(scenario)) {
    EXPECT_EQ(one.pos.line, 7U);
    EXPECT_FALSE(one.help.empty());
    messages.push_back(one.message);
  }
  return messages;
}

using Messages = std::vector<std::string>;

TEST(MachineFit, what_the_topology_has_is_fine) {
  EXPECT_EQ(misfits_of_op(SetCpuset{"a", LlcCpus{1}}), Messages{});
  EXPECT_EQ(misfits_of_op(SetCpuset{"a", ExactCpus{{0, 3}}}), Messages{});
  EXPECT_EQ(misfits_of_op(SetCpuset{"a", DisjointCpus{3, 4}}), Messages{});
  EXPECT_EQ(misfits_of_op(SetAffinity{"a", ExactAffinity{{3}}}), Messages{});
  EXPECT_EQ(misfits_of_op(FreezeCgroup{"a"}), Messages{});
}

TEST(MachineFit, cpusets_that_resolve_to_nothing_are_found) {
  EXPECT_EQ(misfits_of_op(SetCpuset{"a", LlcCpus{2}}),
            Messages{"op set_cpuset: llc = 2 does not exist"});
  EXPECT_EQ(misfits_of_op(SetCpuset{"a", NumaCpus{2}}),
            Messages{"op set_cpuset: numa = 2 does not exist"});
  EXPECT_EQ(misfits_of_op(SetCpuset{"a", RangeCpus{0.3, 0.4}}),
            Messages{"op set_cpuset: range selects none of the 4 online CPUs"});
  EXPECT_EQ(misfits_of_op(SetCpuset{"a", DisjointCpus{0, 5}}),
            Messages{"op set_cpuset: part 0 of 5 does not exist on 4 online CPUs"});
  EXPECT_EQ(misfits_of_op(SetCpuset{"a", ExactCpus{{1, 4}}}),
            Messages{"op set_cpuset: CPU 4 is not online"});
}

TEST(MachineFit, cpus_of_workers_interrupts_and_commands_are_looked_at) {
  EXPECT_EQ(misfits_of_op(SetAffinity{"a", ExactAffinity{{0, 9}}}),
            Messages{"op set_affinity: CPU 9 does not exist"});
  EXPECT_EQ(misfits_of_op(SetAffinity{"a", RandomAffinity{5}}),
            Messages{"op set_affinity: random affinity of 5 CPUs"});
  SteerIrq steer;
  steer.cpu = 4;
  EXPECT_EQ(misfits_of_op(steer), Messages{"op steer_irq: CPU 4 does not exist"});
  SchedCommand command;
  command.vcpu = 64;
  EXPECT_EQ(misfits_of_op(command), Messages{"op sched_command: CPU 64 does not exist"});
  ReadKernelCold read;
  read.target = PerCpuTarget{.symbol = "runqueues", .field = "clock", .cpu = 8, .type = ""};
  EXPECT_EQ(misfits_of_op(read), Messages{"op read_kernel_cold: CPU 8 does not exist"});
}

TEST(MachineFit, an_smt_pair_needs_cores_with_two_threads) {
  EXPECT_EQ(misfits_of_op(SetAffinity{"a", SmtPairAffinity{}}),
            Messages{"op set_affinity: smt_pair on a machine whose cores have one thread"});
  Scenario scenario = on_four_cpus();
  scenario.machine.topology = Topology::uniform(1, 1, 2, 2);
  scenario.steps[0].ops.push_back({.body = SetAffinity{"a", SmtPairAffinity{}}, .pos = {}});
  EXPECT_TRUE(machine_misfits(scenario).empty());
}

TEST(MachineFit, every_misfit_names_the_key_that_asks_for_it) {
  Scenario scenario = on_four_cpus();
  CgroupDef def;
  def.cpuset = LlcCpus{9};
  WorkGroup work;
  work.affinity = RandomAffinity{9};
  work.mem_policy.nodes = {7};
  work.pos.line = 12;
  def.work.push_back(work);
  scenario.steps[0].setup.push_back(def);
  scenario.steps[0].ops.push_back({.body = SetCpuset{"a", LlcCpus{9}}, .pos = {}});
  scenario.steps[0].ops.push_back({.body = Spawn{.cgroup = {}, .work = work}, .pos = {}});
  std::vector<std::string> keys;
  for (const Missing& one : machine_misfits(scenario)) {
    keys.push_back(std::to_string(one.pos.line) + " " + std::string(one.key));
  }
  EXPECT_EQ(keys, (std::vector<std::string>{"0 cpus", "12 affinity", "12 mem_policy", "0 cpuset",
                                            "12 affinity", "12 mem_policy"}));
}

TEST(MachineFit, definitions_are_named_by_their_cgroup_wherever_they_stand) {
  Scenario scenario = on_four_cpus();
  CgroupDef def;
  def.name = "far";
  def.cpuset = LlcCpus{9};
  WorkGroup work;
  work.mem_policy.nodes = {0, 2};
  def.work.push_back(work);
  scenario.backdrop.cgroups.push_back(def);
  scenario.steps[0].setup.push_back(def);
  const auto found = machine_misfits(scenario);
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].message, "cgroup \"far\": llc = 9 does not exist");
  EXPECT_EQ(found[1].message, "cgroup \"far\": node 2 does not exist");
}

} // namespace
} // namespace schedrig::engine

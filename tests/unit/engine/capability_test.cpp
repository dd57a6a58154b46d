// SPDX-License-Identifier: MIT
#include <algorithm>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/engine/capability.hpp"

namespace schedrig::engine {
namespace {

const Facets kNoPayloads = {{"schedrig.files/1", ""}, {"schedrig.tasks/1", ""}};

std::vector<Missing> missing(const Scenario& scenario, const Facets& facets) {
  BackendInfo info;
  info.max_cpus = 64;
  return missing_capabilities(scenario, "kvm", info, facets);
}

TEST(Capability, names_op_backend_and_the_facet_that_payloads_need) {
  Scenario scenario;
  scenario.steps.emplace_back().ops.push_back(
      {.body = RunPayload{.payload = "bench", .args = {}, .cgroup = {}}, .pos = {.line = 7}});
  const auto found = missing(scenario, kNoPayloads);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].pos.line, 7U);
  EXPECT_EQ(found[0].message,
            "op run_payload needs schedrig.payloads/1, which backend \"kvm\" does not have");
  Facets with = kNoPayloads;
  with.emplace("schedrig.payloads/1", "");
  EXPECT_TRUE(missing(scenario, with).empty());
}

TEST(Capability, a_definitions_payload_needs_it_too_wherever_it_stands) {
  CgroupDef def;
  def.name = "a";
  def.payload = "bench";
  Scenario scenario;
  scenario.backdrop.cgroups = {def};
  Step& step = scenario.steps.emplace_back();
  step.setup = {def};
  step.ops.push_back({.body = AddCgroupDef{def}, .pos = {}});
  const auto found = missing(scenario, kNoPayloads);
  ASSERT_EQ(found.size(), 3U);
  for (const Missing& each : found) {
    EXPECT_EQ(each.message, "the payload of cgroup \"a\" needs schedrig.payloads/1, which backend "
                            "\"kvm\" does not have");
  }
}

TEST(Capability, names_what_looks_into_the_kernel_and_what_it_lacks) {
  Scenario scenario;
  Step& step = scenario.steps.emplace_back();
  step.name = "boot";
  step.hold = HoldUntil();
  scenario.observe.monitor_ns = 1;
  scenario.checks.work_conservation_ns = 1;
  scenario.checks.values.push_back({.path = "snapshots.a.b", .pos = {.line = 9}});
  const auto found = missing(scenario, kNoPayloads);
  const auto lacks = [](std::string_view who, std::string_view facet) {
    return std::string(who) + " needs " + std::string(facet) +
           ", which backend \"kvm\" does not have";
  };
  std::vector<std::string> messages;
  std::ranges::transform(found, std::back_inserter(messages), &Missing::message);
  EXPECT_THAT(messages, testing::ElementsAre(
                            lacks("hold wait_until of step \"boot\"", "schedrig.memory/1"),
                            lacks("hold wait_until of step \"boot\"", "schedrig.kernel/1"),
                            lacks("[observe] monitor", "schedrig.memory/1"),
                            lacks("[observe] monitor", "schedrig.kernel/1"),
                            lacks("check work_conservation", "schedrig.memory/1"),
                            lacks("check work_conservation", "schedrig.kernel/1"),
                            lacks("a check of the value snapshots.a.b", "schedrig.memory/1"),
                            lacks("a check of the value snapshots.a.b", "schedrig.freeze/1"),
                            lacks("a check of the value snapshots.a.b", "schedrig.kernel/1")));
  EXPECT_EQ(found.back().pos.line, 9U);
}

TEST(LooksIntoKernel, an_op_a_hold_or_an_observation_that_does) {
  Scenario scenario;
  scenario.steps.emplace_back().ops.push_back({.body = AddCgroup{}, .pos = {}});
  EXPECT_FALSE(looks_into_kernel(scenario));
  Scenario with_op = scenario;
  with_op.steps[0].ops.push_back({.body = CaptureSnapshot{.name = "a", .expect = {}}, .pos = {}});
  EXPECT_TRUE(looks_into_kernel(with_op));
  Scenario with_backdrop = scenario;
  with_backdrop.backdrop.ops.push_back({.body = WatchSnapshot{}, .pos = {}});
  EXPECT_TRUE(looks_into_kernel(with_backdrop));
  Scenario with_hold = scenario;
  with_hold.steps[0].hold = HoldUntil();
  EXPECT_TRUE(looks_into_kernel(with_hold));
  Scenario observed = scenario;
  observed.observe.snapshots = 1;
  EXPECT_TRUE(looks_into_kernel(observed));
}

} // namespace
} // namespace schedrig::engine

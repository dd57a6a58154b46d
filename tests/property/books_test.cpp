// SPDX-License-Identifier: MIT
// Random ops one by one, each on what those before it have left, failed ones included: after every
// op the engine's books say what the machine's cgroup files say.
#include <algorithm>
#include <set>
#include <span>
#include <sstream>

#include <gtest/gtest.h>

#include "host/engine/cpuset.hpp"
#include "host/engine/dispatch.hpp"
#include "host/engine/ops_cgroup.hpp"
#include "host/engine/payloads.hpp"
#include "host/engine/workers.hpp"
#include "tests/property/mock_rig.hpp"
#include "tests/property/random_scenario.hpp"

namespace schedrig::property {
namespace {

using engine::Cgroup;

class OpByOp {
 public:
  explicit OpByOp(const Scenario& scenario)
      : scenario_(scenario), rig_(scenario), before_(rig_.remains()), tree_(rig_.session()) {
    EXPECT_TRUE(tree_.set_up());
  }

  void apply(const Op& op) {
    engine::OpContext here = context();
    const auto record = engine::apply_next(here, std::span(&op, 1), 1, 0).front();
    SCOPED_TRACE(record.kind + (record.error ? " failed: " + record.error->message : " done"));
    EXPECT_FALSE(rig_.session().lost());
    expect_books_are_right();
  }

  void make(const CgroupDef& def) {
    engine::OpContext here = context();
    EXPECT_TRUE(engine::create_cgroup(here, def));
    expect_books_are_right();
  }

  void wait(std::int64_t ns) {
    const auto waited = rig_.session().wait_for(ns);
    EXPECT_TRUE(waited) << waited.error().message;
  }

  // As at the end of a run.
  void tear_down() {
    engine::OpContext here = context();
    EXPECT_TRUE(engine::drain_payloads(here, scope_.owner));
    EXPECT_TRUE(engine::stop_workers_elsewhere(here, scope_.owner));
    for (std::size_t left = books_.cgroups().size(); left > 0; --left) {
      const std::string name = books_.cgroups().back().name;
      const auto removed = engine::remove_cgroup(here, books_.cgroups().back());
      ASSERT_TRUE(removed) << name << ": " << removed.error().message;
    }
    EXPECT_TRUE(tree_.tear_down());
    EXPECT_TRUE(books_.groups().empty());
    EXPECT_TRUE(books_.cgroups().empty());
    EXPECT_TRUE(payloads_.live().empty());
    if (!rig_.schedulers().attached().empty()) {
      EXPECT_TRUE(rig_.schedulers().detach());
    }
    EXPECT_EQ(rig_.remains(), before_);
  }

 private:
  engine::OpContext context() {
    return {.scenario = scenario_,
            .session = rig_.session(),
            .tree = tree_,
            .books = books_,
            .payloads = payloads_,
            .report = rig_.report(),
            .observer = rig_.observer(),
            .snapshots = nullptr,
            .affinity_random = random_,
            .scope = scope_,
            .pos = {}};
  }

  [[nodiscard]] std::set<std::string> cgroups_of_the_machine() {
    std::istringstream names(rig_.list("/sys/fs/cgroup/schedrig"));
    std::set<std::string> found;
    for (std::string name; std::getline(names, name);) {
      if (name.ends_with('/')) {
        found.insert(name.substr(0, name.size() - 1));
      }
    }
    return found;
  }

  void expect_books_are_right() {
    std::set<std::string> booked;
    for (const Cgroup& cgroup : books_.cgroups()) {
      booked.insert(cgroup.name);
      expect_cgroup(cgroup);
    }
    EXPECT_EQ(cgroups_of_the_machine(), booked);
    for (const engine::WorkerGroup& group : books_.groups()) {
      EXPECT_TRUE(group.started);
      EXPECT_TRUE(group.cgroup.empty() || booked.contains(group.cgroup)) << group.cgroup;
    }
  }

  void expect_cgroup(const Cgroup& cgroup) {
    SCOPED_TRACE("cgroup " + cgroup.name);
    const auto cpus = tree_.read_cpus(cgroup.name);
    ASSERT_TRUE(cpus) << cpus.error().message;
    EXPECT_EQ(*cpus, cgroup.cpuset);
    EXPECT_EQ(rig_.read(tree_.path(cgroup.name, "cgroup.freeze")),
              cgroup.frozen_since_ns ? "1\n" : "0\n");
    auto procs = tree_.read_procs(cgroup.name, false);
    ASSERT_TRUE(procs) << procs.error().message;
    std::ranges::sort(*procs);
    const auto expect_in_it = [&](std::int32_t pid) {
      EXPECT_TRUE(std::ranges::binary_search(*procs, pid)) << "pid " << pid << " is not there";
    };
    for (const engine::WorkerGroup& group : books_.groups()) {
      if (group.cgroup == cgroup.name) {
        std::ranges::for_each(group.pids, expect_in_it);
      }
    }
  }

  const Scenario& scenario_;
  MockRig rig_;
  std::string before_;
  engine::CgroupTree tree_;
  engine::Books books_;
  engine::PayloadBooks payloads_;
  Prng random_{1, 0};
  engine::Scope scope_{.owner = engine::Owner::kStep, .name = "property"};
};

void run_seed(std::uint64_t seed) {
  const std::string text = random_scenario(seed, {.steps = 1, .ops = 60, .unlanded = true});
  SCOPED_TRACE("seed " + std::to_string(seed) + ":\n" + text);
  const Scenario scenario = decoded(text);
  OpByOp rig(scenario);
  rig.make(scenario.backdrop.cgroups.front());
  Prng random(seed, 1);
  for (const Op& op : scenario.steps.front().ops) {
    rig.apply(op);
    if (testing::Test::HasFailure()) {
      return;
    }
    rig.wait(static_cast<std::int64_t>(random.below(20)) * 1'000'000);
  }
  rig.tear_down();
}

TEST(RandomOps, keep_the_books_as_the_machine_is) {
  constexpr std::uint64_t kSeeds = 200; // some seconds
  for (std::uint64_t seed = 1; seed <= seed_count(kSeeds) && !HasFailure(); ++seed) {
    run_seed(seed);
  }
}

} // namespace
} // namespace schedrig::property

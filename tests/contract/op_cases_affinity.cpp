// SPDX-License-Identifier: MIT
// Cases of affinity intents, at spawn and by set_affinity. The machine has LLCs of CPUs 0-1 and
// 2-3, one thread a core.
#include <algorithm>
#include <cerrno>

#include "tests/contract/op_case_parts.hpp"

namespace schedrig::contract {
namespace {

using Cpus = std::vector<std::uint32_t>;
const std::string kOp = "set_affinity";

CgroupDef pinned(std::uint32_t workers, AffinityIntent affinity) {
  CgroupDef def = spinners("a", workers);
  def.work[0].affinity = std::move(affinity);
  return def;
}

CgroupDef within(CgroupDef def, Cpus cpus) {
  def.cpuset = ExactCpus{.cpus = std::move(cpus)};
  return def;
}

OpBody pin(AffinityIntent affinity) {
  return SetAffinity{.cgroup = "a", .affinity = std::move(affinity)};
}

// Worker i ran on CPUs of expected[i] only.
auto ran_within(std::vector<Cpus> expected) {
  return [expected = std::move(expected)](const RunReport& report) {
    all_workers_completed(report);
    ASSERT_EQ(report.workers.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_TRUE(std::ranges::includes(expected[i], report.workers[i].cpus_used))
          << "worker " << i;
    }
  };
}

void each_on_one_cpu(const RunReport& report) {
  all_workers_completed(report);
  for (const engine::WorkerRecord& worker : report.workers) {
    EXPECT_EQ(worker.cpus_used.size(), 1U);
  }
}

void intents_at_spawn(std::vector<OpCase>& cases) {
  const auto spawned = [&](std::string name, CgroupDef def,
                           std::function<void(const RunReport&)> check) {
    cases.push_back({.op = "add_cgroup_def",
                     .name = "workers with affinity " + std::move(name),
                     .body = AddCgroupDef{std::move(def)},
                     .check = std::move(check)});
  };
  spawned("single_cpu, one after the other", pinned(6, SingleCpuAffinity{}),
          ran_within({{0}, {1}, {2}, {3}, {0}, {1}}));
  spawned("single_cpu within a cpuset", within(pinned(3, SingleCpuAffinity{}), {1, 3}),
          ran_within({{1}, {3}, {1}}));
  spawned(
      "llc, pairs together",
      with(pinned(6, LlcAffinity{}), [](CgroupDef& def) { def.work[0].type = WorkType::kPipeIo; }),
      ran_within({{0, 1}, {0, 1}, {2, 3}, {2, 3}, {0, 1}, {0, 1}}));
  spawned("random", pinned(8, RandomAffinity{.count = 1}), each_on_one_cpu);
  spawned("cross_cgroup within a cpuset", within(pinned(2, CrossCgroupAffinity{}), {1, 2}),
          ran_within({{1, 2}, {1, 2}}));
  spawned("exact", pinned(2, ExactAffinity{.cpus = {3}}), ran_within({{3}, {3}}));
  cases.push_back({.op = "add_cgroup_def",
                   .name = "an exact affinity outside of the cpuset",
                   .body = AddCgroupDef{within(pinned(1, ExactAffinity{.cpus = {3}}), {0, 1})},
                   .status = StatusCode::kOs,
                   .os_errno = EINVAL});
  WorkGroup alone = work(WorkType::kSpin, 4);
  alone.affinity = SingleCpuAffinity{};
  cases.push_back({.op = "spawn",
                   .name = "beside the runner with affinity single_cpu",
                   .body = Spawn{.cgroup = {}, .work = alone},
                   .check = ran_within({{0}, {1}, {2}, {3}})});
}

void intents_on_running_workers(std::vector<OpCase>& cases) {
  const auto works = [&](std::string name, CgroupDef def, std::vector<OpBody> before,
                         AffinityIntent affinity, std::function<void(const RunReport&)> check) {
    cases.push_back({.op = kOp,
                     .name = std::move(name),
                     .backdrop = {std::move(def)},
                     .before = std::move(before),
                     .body = pin(std::move(affinity)),
                     .check = std::move(check)});
  };
  const auto uses_cpu_3 = [](const RunReport& report) {
    all_workers_completed(report);
    for (const engine::WorkerRecord& worker : report.workers) {
      EXPECT_TRUE(std::ranges::binary_search(worker.cpus_used, 3U));
    }
  };
  const CgroupDef first_llc = pinned(2, ExactAffinity{.cpus = {0, 1}});
  works("exact", first_llc, {}, ExactAffinity{.cpus = {3}}, uses_cpu_3);
  works("single_cpu", spinners("a", 4), {}, SingleCpuAffinity{}, all_workers_completed);
  works("llc", spinners("a", 4), {}, LlcAffinity{}, all_workers_completed);
  works("random", spinners("a", 4), {}, RandomAffinity{.count = 2}, all_workers_completed);
  works("inherit gives all CPUs back", spinners("a", kCpus), {pin(ExactAffinity{.cpus = {0}})},
        InheritAffinity{}, [](const RunReport& report) {
          all_workers_completed(report);
          Cpus used;
          for (const engine::WorkerRecord& worker : report.workers) {
            used.insert(used.end(), worker.cpus_used.begin(), worker.cpus_used.end());
          }
          EXPECT_NE(std::ranges::find_if(used, [](std::uint32_t cpu) { return cpu != 0; }),
                    used.end());
        });
  works("cross_cgroup keeps to the cpuset", within(spinners("a", 2), {0}), {},
        CrossCgroupAffinity{}, ran_within({{0}, {0}}));
  works("a frozen cgroup", first_llc, {FreezeCgroup{"a"}}, ExactAffinity{.cpus = {2}},
        all_workers_completed);
  works("a cgroup without workers", cgroup("a"), {}, SingleCpuAffinity{}, {});
}

void intents_that_are_refused(std::vector<OpCase>& cases) {
  const auto refused = [&](std::string name, CgroupDef def, AffinityIntent affinity,
                           StatusCode status, int os_errno = 0) {
    cases.push_back({.op = kOp,
                     .name = std::move(name),
                     .backdrop = {std::move(def)},
                     .body = pin(std::move(affinity)),
                     .status = status,
                     .os_errno = os_errno});
  };
  const auto invalid = StatusCode::kInvalidArgument;
  refused("smt_pair without SMT", spinners("a", 2), SmtPairAffinity{}, StatusCode::kNotFound);
  refused("random of no CPUs", spinners("a", 1), RandomAffinity{.count = 0}, invalid);
  refused("random of more CPUs than the cpuset has", within(spinners("a", 1), {0, 1}),
          RandomAffinity{.count = 3}, invalid);
  refused("exact without CPUs", spinners("a", 1), ExactAffinity{}, invalid);
  refused("exact outside of the cpuset", within(spinners("a", 1), {0, 1}),
          ExactAffinity{.cpus = {2, 3}}, StatusCode::kOs, EINVAL);
  refused("exact of CPUs that do not exist", spinners("a", 1), ExactAffinity{.cpus = {kCpus + 3}},
          StatusCode::kOs, EINVAL);
  cases.push_back({.op = kOp,
                   .name = "an unknown cgroup",
                   .body = pin(LlcAffinity{}),
                   .status = StatusCode::kNotFound});
}

} // namespace

void affinity_cases(std::vector<OpCase>& cases) {
  intents_at_spawn(cases);
  intents_on_running_workers(cases);
  intents_that_are_refused(cases);
}

} // namespace schedrig::contract

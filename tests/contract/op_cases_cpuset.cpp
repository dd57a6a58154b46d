// SPDX-License-Identifier: MIT
// Cases of the ops on cpusets.
#include <algorithm>

#include "tests/contract/op_case_parts.hpp"

namespace schedrig::contract {
namespace {

CgroupDef limited(std::string name, CpusetSpec cpus) {
  return with(cgroup(std::move(name)), [&](CgroupDef& def) { def.cpuset = std::move(cpus); });
}

// The workers of cgroup `name` ran on these CPUs and on no other.
auto ran_within(std::string name, std::vector<std::uint32_t> cpus) {
  return [name = std::move(name), cpus = std::move(cpus)](const RunReport& report) {
    all_workers_completed(report);
    for (const engine::WorkerRecord& worker : report.workers) {
      if (worker.cgroup == name) {
        EXPECT_TRUE(std::ranges::includes(cpus, worker.cpus_used));
      }
    }
  };
}

void set_cpuset_cases(std::vector<OpCase>& cases) {
  const std::string op = "set_cpuset";
  const std::vector<CpusetSpec> good = {
      LlcCpus{.llc = 0},
      NumaCpus{.node = 0},
      RangeCpus{.start = 0.25, .end = 0.75},
      DisjointCpus{.index = 1, .of = 2},
      OverlapCpus{.index = 0, .of = 2, .frac = 0.5},
      ExactCpus{.cpus = {0, 3}},
  };
  const char* const names[] = {"llc", "numa", "range", "disjoint", "overlap", "exact"};
  for (std::size_t i = 0; i < good.size(); ++i) {
    cases.push_back({op,
                     std::string("spec ") + names[i],
                     {spinners("a", 2)},
                     {},
                     SetCpuset{.cgroup = "a", .cpus = good[i]},
                     StatusCode::kOk,
                     0,
                     all_workers_completed});
  }
  const std::vector<OpBody> one = {AddCgroup{"a"}};
  cases.push_back({op,
                   "an unknown cgroup",
                   {},
                   {},
                   SetCpuset{.cgroup = "a", .cpus = good[0]},
                   StatusCode::kNotFound});
  cases.push_back({op,
                   "an LLC that the machine lacks",
                   {},
                   one,
                   SetCpuset{.cgroup = "a", .cpus = LlcCpus{.llc = 2}},
                   StatusCode::kNotFound});
  cases.push_back({op,
                   "a node that the machine lacks",
                   {},
                   one,
                   SetCpuset{.cgroup = "a", .cpus = NumaCpus{.node = 1}},
                   StatusCode::kNotFound});
  cases.push_back({op,
                   "a CPU that is not online",
                   {},
                   one,
                   SetCpuset{.cgroup = "a", .cpus = ExactCpus{.cpus = {kCpus}}},
                   StatusCode::kNotFound});
  cases.push_back({op,
                   "a range that selects nothing",
                   {},
                   one,
                   SetCpuset{.cgroup = "a", .cpus = RangeCpus{.start = 0.0, .end = 0.1}},
                   StatusCode::kInvalidArgument});
  cases.push_back({op,
                   "more parts than CPUs",
                   {},
                   one,
                   SetCpuset{.cgroup = "a", .cpus = DisjointCpus{.index = 0, .of = kCpus + 1}},
                   StatusCode::kInvalidArgument});
}

void clear_cpuset_cases(std::vector<OpCase>& cases) {
  const std::string op = "clear_cpuset";
  cases.push_back(
      {.op = op,
       .name = "a cgroup with workers gets all CPUs",
       .backdrop = {with(spinners("a", 2), [](CgroupDef& def) { def.cpuset = LlcCpus{.llc = 0}; })},
       .body = ClearCpuset{"a"},
       .check = [](const RunReport& report) {
         all_workers_completed(report);
         for (const engine::WorkerRecord& worker : report.workers) {
           EXPECT_TRUE(worker.cpus_permitted.empty()); // unrestricted for a while
         }
       }});
  WorkGroup everywhere = work(WorkType::kSpin, kCpus);
  everywhere.affinity = SingleCpuAffinity{};
  cases.push_back({.op = op,
                   .name = "workers that come later may use all CPUs",
                   .backdrop = {limited("a", LlcCpus{.llc = 0})},
                   .before = {ClearCpuset{"a"}},
                   .body = spawn_in("a", everywhere),
                   .check = [](const RunReport& report) {
                     std::vector<std::uint32_t> used;
                     for (const engine::WorkerRecord& worker : report.workers) {
                       used.insert(used.end(), worker.cpus_used.begin(), worker.cpus_used.end());
                     }
                     std::ranges::sort(used);
                     EXPECT_EQ(used, (std::vector<std::uint32_t>{0, 1, 2, 3}));
                   }});
  cases.push_back({.op = op,
                   .name = "a cgroup without a cpuset",
                   .backdrop = {cgroup("a")},
                   .body = ClearCpuset{"a"}});
  cases.push_back({.op = op,
                   .name = "an unknown cgroup",
                   .body = ClearCpuset{"a"},
                   .status = StatusCode::kNotFound});
}

void swap_cpusets_cases(std::vector<OpCase>& cases) {
  const std::string op = "swap_cpusets";
  const CgroupDef a = limited("a", ExactCpus{.cpus = {0, 1}});
  const CgroupDef b = limited("b", ExactCpus{.cpus = {3}});
  cases.push_back({.op = op,
                   .name = "each has the other's CPUs",
                   .backdrop = {a, b},
                   .before = {SwapCpusets{.a = "a", .b = "b"}},
                   .body = spawn_in("a", work(WorkType::kSpin, 2)),
                   .check = ran_within("a", {3})});
  cases.push_back({.op = op,
                   .name = "one of them without a cpuset",
                   .backdrop = {a, cgroup("b")},
                   .before = {SwapCpusets{.a = "a", .b = "b"}},
                   .body = spawn_in("b", work(WorkType::kSpin, 2)),
                   .check = ran_within("b", {0, 1})});
  cases.push_back({.op = op,
                   .name = "twice",
                   .backdrop = {a, b},
                   .before = {SwapCpusets{.a = "a", .b = "b"}, SwapCpusets{.a = "b", .b = "a"}},
                   .body = spawn_in("b", work(WorkType::kSpin, 1)),
                   .check = ran_within("b", {3})});
  cases.push_back(
      {.op = op,
       .name = "with workers that run",
       .backdrop = {with(a, [](CgroupDef& def) { def.work = {work(WorkType::kSpin, 2)}; }),
                    with(b, [](CgroupDef& def) { def.work = {work(WorkType::kSpin, 2)}; })},
       .body = SwapCpusets{.a = "a", .b = "b"},
       .check = ran_within("a", {0, 1, 3})});
  cases.push_back({.op = op,
                   .name = "a cgroup with itself",
                   .backdrop = {a},
                   .body = SwapCpusets{.a = "a", .b = "a"},
                   .status = StatusCode::kInvalidArgument});
  cases.push_back({.op = op,
                   .name = "an unknown first cgroup",
                   .backdrop = {b},
                   .body = SwapCpusets{.a = "a", .b = "b"},
                   .status = StatusCode::kNotFound});
  cases.push_back({.op = op,
                   .name = "an unknown second cgroup",
                   .backdrop = {a},
                   .body = SwapCpusets{.a = "a", .b = "b"},
                   .status = StatusCode::kNotFound});
}

} // namespace

void cpuset_cases(std::vector<OpCase>& cases) {
  set_cpuset_cases(cases);
  clear_cpuset_cases(cases);
  swap_cpusets_cases(cases);
}

} // namespace schedrig::contract

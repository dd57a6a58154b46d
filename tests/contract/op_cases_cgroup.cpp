// SPDX-License-Identifier: MIT
// Cases of the ops that make, stop and remove cgroups.
#include <cerrno>

#include "tests/contract/op_case_parts.hpp"

namespace schedrig::contract {

void add_cgroup_cases(std::vector<OpCase>& cases) {
  const std::string op = "add_cgroup";
  cases.push_back({op, "makes an empty cgroup", {}, {}, AddCgroup{"a"}});
  cases.push_back({op,
                   "a name in use in the step",
                   {},
                   {AddCgroup{"a"}},
                   AddCgroup{"a"},
                   StatusCode::kAlreadyExists});
  cases.push_back({op,
                   "a name in use in the backdrop",
                   {cgroup("a")},
                   {},
                   AddCgroup{"a"},
                   StatusCode::kAlreadyExists});
  cases.push_back({op,
                   "a name that was removed before",
                   {},
                   {AddCgroup{"a"}, RemoveCgroup{"a"}},
                   AddCgroup{"a"}});
  cases.push_back({op,
                   "the name of a kernel file",
                   {},
                   {},
                   AddCgroup{"cgroup.procs"},
                   StatusCode::kOs,
                   EEXIST});
  cases.push_back({op,
                   "a name of 256 bytes",
                   {},
                   {},
                   AddCgroup{std::string(256, 'n')}}); // kernfs does not look at NAME_MAX
  cases.push_back({op,
                   "a name that makes the path too long",
                   {},
                   {},
                   AddCgroup{std::string(kMaxPathBytes, 'n')},
                   StatusCode::kInvalidArgument});
  cases.push_back(
      {op, "a name with a newline", {}, {}, AddCgroup{"a\nb"}, StatusCode::kOs, EINVAL});
  cases.push_back({op,
                   "a path through a cgroup that does not exist",
                   {},
                   {},
                   AddCgroup{"no/a"},
                   StatusCode::kOs,
                   ENOENT});
}

void add_cgroup_def_cases(std::vector<OpCase>& cases) {
  const std::string op = "add_cgroup_def";
  const CgroupDef a = cgroup("a");
  cases.push_back({op,
                   "knobs, a cpuset and workers",
                   {},
                   {},
                   AddCgroupDef{with(spinners("a", 2),
                                     [](CgroupDef& def) {
                                       def.cpuset = LlcCpus{.llc = 1};
                                       def.cpu_weight = 200;
                                       def.cpu_max =
                                           CpuMax{.quota_ns = 50'000'000, .period_ns = 100'000'000};
                                       def.memory_max = 256ULL << 20U;
                                       def.memory_high = 128ULL << 20U;
                                       def.pids_max = 100;
                                     })},
                   StatusCode::kOk,
                   0,
                   all_workers_completed});
  cases.push_back({op, "a name in use", {a}, {}, AddCgroupDef{a}, StatusCode::kAlreadyExists});
  cases.push_back({op,
                   "cpu.weight 0",
                   {},
                   {},
                   AddCgroupDef{with(a, [](CgroupDef& def) { def.cpu_weight = 0; })},
                   StatusCode::kOs,
                   ERANGE});
  cases.push_back({op,
                   "cpu.weight 10001",
                   {},
                   {},
                   AddCgroupDef{with(a, [](CgroupDef& def) { def.cpu_weight = 10001; })},
                   StatusCode::kOs,
                   ERANGE});
  cases.push_back({op,
                   "cpu.max with a quota below 1 ms",
                   {},
                   {},
                   AddCgroupDef{with(a,
                                     [](CgroupDef& def) {
                                       def.cpu_max =
                                           CpuMax{.quota_ns = 999'000, .period_ns = 100'000'000};
                                     })},
                   StatusCode::kOs,
                   EINVAL});
  cases.push_back({op,
                   "cpu.max with a period above 1 s",
                   {},
                   {},
                   AddCgroupDef{with(a,
                                     [](CgroupDef& def) {
                                       def.cpu_max = CpuMax{.quota_ns = 5'000'000,
                                                            .period_ns = 1'001'000'000};
                                     })},
                   StatusCode::kOs,
                   EINVAL});
  cases.push_back({op,
                   "pids.max below the number of workers moved in",
                   {},
                   {},
                   AddCgroupDef{with(spinners("a", 2), [](CgroupDef& def) { def.pids_max = 1; })},
                   StatusCode::kOk,
                   0,
                   all_workers_completed});
  cases.push_back({op,
                   "a cpuset of an LLC that the machine lacks",
                   {},
                   {},
                   AddCgroupDef{with(a, [](CgroupDef& def) { def.cpuset = LlcCpus{.llc = 9}; })},
                   StatusCode::kNotFound});
}

void remove_cgroup_cases(std::vector<OpCase>& cases) {
  const std::string op = "remove_cgroup";
  cases.push_back({op, "an empty cgroup", {}, {AddCgroup{"a"}}, RemoveCgroup{"a"}});
  cases.push_back({op,
                   "a cgroup with workers",
                   {},
                   {AddCgroupDef{spinners("a", 3)}},
                   RemoveCgroup{"a"},
                   StatusCode::kOk,
                   0,
                   all_workers_completed});
  cases.push_back({op,
                   "a frozen cgroup with workers",
                   {},
                   {AddCgroupDef{spinners("a", 2)}, FreezeCgroup{"a"}},
                   RemoveCgroup{"a"},
                   StatusCode::kOk,
                   0,
                   all_workers_completed});
  cases.push_back({op,
                   "a cgroup of the backdrop",
                   {spinners("a", 1)},
                   {},
                   RemoveCgroup{"a"},
                   StatusCode::kOk,
                   0,
                   all_workers_completed});
  cases.push_back({op, "an unknown name", {}, {}, RemoveCgroup{"a"}, StatusCode::kNotFound});
  cases.push_back({op,
                   "an unknown name with missing_ok",
                   {},
                   {},
                   RemoveCgroup{.cgroup = "a", .missing_ok = true}});
}

void stop_cgroup_cases(std::vector<OpCase>& cases) {
  const std::string op = "stop_cgroup";
  cases.push_back({op,
                   "stops the workers, the cgroup stays",
                   {spinners("a", 2)},
                   {StopCgroup{"a"}},
                   CaptureCgroupProcs{.tag = "t", .cgroup = "a"},
                   StatusCode::kOk,
                   0,
                   [](const RunReport& report) {
                     all_workers_completed(report);
                     EXPECT_TRUE(only_capture(report).pids.empty());
                   }});
  cases.push_back({op, "a cgroup without workers", {cgroup("a")}, {}, StopCgroup{"a"}});
  cases.push_back({op,
                   "a frozen cgroup",
                   {spinners("a", 2)},
                   {FreezeCgroup{"a"}},
                   StopCgroup{"a"},
                   StatusCode::kOk,
                   0,
                   all_workers_completed});
  cases.push_back({op, "an unknown cgroup", {}, {}, StopCgroup{"a"}, StatusCode::kNotFound});
}

} // namespace schedrig::contract

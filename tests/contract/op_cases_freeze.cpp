// SPDX-License-Identifier: MIT
// Cases of freezing and of looking at cgroups.
#include "tests/contract/op_case_parts.hpp"

namespace schedrig::contract {

void freeze_cases(std::vector<OpCase>& cases) {
  const std::string op = "freeze_cgroup";
  cases.push_back({op, "an empty cgroup", {cgroup("a")}, {}, FreezeCgroup{"a"}});
  cases.push_back({op, "workers that spin", {spinners("a", 3)}, {}, FreezeCgroup{"a"}});
  cases.push_back(
      {op,
       "workers that wait for pipes",
       {with(cgroup("a"), [](CgroupDef& def) { def.work = {work(WorkType::kPipeIo, 2)}; })},
       {},
       FreezeCgroup{"a"}});
  cases.push_back({op, "twice", {spinners("a", 1)}, {FreezeCgroup{"a"}}, FreezeCgroup{"a"}});
  cases.push_back(
      {op, "without waiting", {spinners("a", 1)}, {}, FreezeCgroup{.cgroup = "a", .wait_ns = 0}});
  cases.push_back({op, "an unknown cgroup", {}, {}, FreezeCgroup{"a"}, StatusCode::kNotFound});
  const std::string un = "unfreeze_cgroup";
  cases.push_back({un,
                   "a frozen cgroup",
                   {spinners("a", 1)},
                   {FreezeCgroup{"a"}},
                   UnfreezeCgroup{"a"},
                   StatusCode::kOk,
                   0,
                   all_workers_completed});
  cases.push_back({un, "a cgroup that is not frozen", {cgroup("a")}, {}, UnfreezeCgroup{"a"}});
  cases.push_back({un, "an unknown cgroup", {}, {}, UnfreezeCgroup{"a"}, StatusCode::kNotFound});
}

void capture_cases(std::vector<OpCase>& cases) {
  const std::string op = "capture_cgroup_procs";
  const auto holds_three = [](const RunReport& report) {
    const auto& capture = only_capture(report);
    EXPECT_EQ(capture.tag, "t");
    EXPECT_EQ(capture.pids.size(), 3U);
  };
  cases.push_back({op,
                   "a cgroup with workers",
                   {spinners("a", 3)},
                   {},
                   CaptureCgroupProcs{.tag = "t", .cgroup = "a"},
                   StatusCode::kOk,
                   0,
                   holds_three});
  cases.push_back({op,
                   "threads of a cgroup with workers",
                   {spinners("a", 3)},
                   {},
                   CaptureCgroupProcs{.tag = "t", .cgroup = "a", .threads = true},
                   StatusCode::kOk,
                   0,
                   holds_three});
  cases.push_back({op,
                   "a frozen cgroup with workers",
                   {spinners("a", 3)},
                   {FreezeCgroup{"a"}},
                   CaptureCgroupProcs{.tag = "t", .cgroup = "a"},
                   StatusCode::kOk,
                   0,
                   holds_three});
  cases.push_back(
      {op,
       "an empty cgroup gives an empty list",
       {cgroup("a")},
       {},
       CaptureCgroupProcs{.tag = "t", .cgroup = "a"},
       StatusCode::kOk,
       0,
       [](const RunReport& report) { EXPECT_TRUE(only_capture(report).pids.empty()); }});
  cases.push_back({op,
                   "one tag twice keeps both in order",
                   {cgroup("a"), spinners("b", 1)},
                   {CaptureCgroupProcs{.tag = "t", .cgroup = "a"}},
                   CaptureCgroupProcs{.tag = "t", .cgroup = "b"},
                   StatusCode::kOk,
                   0,
                   [](const RunReport& report) {
                     ASSERT_EQ(report.cgroup_procs.size(), 2U);
                     EXPECT_TRUE(report.cgroup_procs[0].pids.empty());
                     EXPECT_EQ(report.cgroup_procs[1].pids.size(), 1U);
                   }});
  cases.push_back({op,
                   "an unknown cgroup",
                   {},
                   {},
                   CaptureCgroupProcs{.tag = "t", .cgroup = "a"},
                   StatusCode::kNotFound});
  cases.push_back({op,
                   "an empty tag",
                   {cgroup("a")},
                   {},
                   CaptureCgroupProcs{.tag = "", .cgroup = "a"},
                   StatusCode::kInvalidArgument});
}

} // namespace schedrig::contract

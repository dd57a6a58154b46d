// SPDX-License-Identifier: MIT
// A table in one piece (over 250 lines): cases are found by op, and the error table is made from
// them in this order.
#include "tests/contract/op_cases.hpp"

#include <cerrno>

#include <gtest/gtest.h>

#include "host/report/names.hpp"

namespace schedrig::contract {
namespace {

using engine::RunReport;

WorkGroup work(WorkType type, std::uint32_t workers) {
  WorkGroup group;
  group.type = type;
  group.workers = workers;
  return group;
}

CgroupDef cgroup(std::string name) {
  CgroupDef def;
  def.name = std::move(name);
  return def;
}

CgroupDef spinners(std::string name, std::uint32_t workers) {
  CgroupDef def = cgroup(std::move(name));
  def.work = {work(WorkType::kSpin, workers)};
  return def;
}

template <class Change> CgroupDef with(CgroupDef def, Change&& change) {
  change(def);
  return def;
}

OpBody spawn_in(std::string name, const WorkGroup& group) {
  return Spawn{.cgroup = std::move(name), .work = group};
}

const engine::CgroupProcs& only_capture(const RunReport& report) {
  static const engine::CgroupProcs kNone;
  EXPECT_EQ(report.cgroup_procs.size(), 1U);
  return report.cgroup_procs.size() == 1 ? report.cgroup_procs.front() : kNone;
}

void all_workers_completed(const RunReport& report) {
  EXPECT_FALSE(report.workers.empty());
  for (const engine::WorkerRecord& worker : report.workers) {
    EXPECT_TRUE(worker.completed) << "pid " << worker.pid << " status " << worker.wait_status;
    EXPECT_EQ(worker.wait_status, 0);
  }
}

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

void spawn_cases(std::vector<OpCase>& cases) {
  const std::string op = "spawn";
  for (const WorkType type :
       {WorkType::kSpin, WorkType::kYield, WorkType::kBursty, WorkType::kPipeIo}) {
    cases.push_back({op,
                     std::string(work_type_info(type).name) + " into a cgroup",
                     {cgroup("a")},
                     {},
                     spawn_in("a", work(type, 2)),
                     StatusCode::kOk,
                     0,
                     all_workers_completed});
  }
  cases.push_back({op,
                   "beside the runner",
                   {},
                   {},
                   Spawn{.cgroup = {}, .work = work(WorkType::kSpin, 1)},
                   StatusCode::kOk,
                   0,
                   all_workers_completed});
  cases.push_back({op,
                   "into a frozen cgroup",
                   {cgroup("a")},
                   {FreezeCgroup{"a"}},
                   spawn_in("a", work(WorkType::kSpin, 1)),
                   StatusCode::kOk,
                   0,
                   all_workers_completed});
  cases.push_back({op,
                   "an unknown cgroup",
                   {},
                   {},
                   spawn_in("a", work(WorkType::kSpin, 1)),
                   StatusCode::kNotFound});
  WorkGroup share = work(WorkType::kSpin, 1);
  share.workers.reset();
  share.workers_pct = 50;
  cases.push_back({op,
                   "workers_pct beside the runner",
                   {},
                   {},
                   Spawn{.cgroup = {}, .work = share},
                   StatusCode::kInvalidArgument});
  cases.push_back({op,
                   "no workers",
                   {cgroup("a")},
                   {},
                   spawn_in("a", work(WorkType::kSpin, 0)),
                   StatusCode::kInvalidArgument});
  cases.push_back({op,
                   "half a pair",
                   {cgroup("a")},
                   {},
                   spawn_in("a", work(WorkType::kPipeIo, 3)),
                   StatusCode::kInvalidArgument});
  cases.push_back({op,
                   "more workers than a group may have",
                   {cgroup("a")},
                   {},
                   spawn_in("a", work(WorkType::kSpin, kMaxWorkersPerGroup + 1)),
                   StatusCode::kInvalidArgument});
  WorkGroup off = work(WorkType::kSpin, 1);
  off.affinity = ExactAffinity{.cpus = {kCpus + 3}};
  cases.push_back({op,
                   "an affinity of CPUs that do not exist",
                   {cgroup("a")},
                   {},
                   spawn_in("a", off),
                   StatusCode::kOs,
                   EINVAL});
  WorkGroup mean = work(WorkType::kSpin, 1);
  mean.nice = 20;
  cases.push_back(
      {op, "nice 20", {cgroup("a")}, {}, spawn_in("a", mean), StatusCode::kInvalidArgument});
}

std::string cell(const OpCase& one) {
  const std::string text = "`" + std::string(report::to_string(one.status)) + "`";
  return text + (one.os_errno == 0 ? "" : std::string(" `") + strerrorname_np(one.os_errno) + "`");
}

} // namespace

const std::vector<OpCase>& op_cases() {
  static const std::vector<OpCase> kCases = [] {
    std::vector<OpCase> cases;
    add_cgroup_cases(cases);
    add_cgroup_def_cases(cases);
    remove_cgroup_cases(cases);
    set_cpuset_cases(cases);
    stop_cgroup_cases(cases);
    freeze_cases(cases);
    capture_cases(cases);
    spawn_cases(cases);
    return cases;
  }();
  return kCases;
}

std::string op_errors_table() {
  std::string text =
      "# Errors of the operations\n"
      "\n"
      "Made from the table in tests/contract/op_cases.cpp, which is checked on every "
      "backend:\n"
      "`contract_test --backend=mock`, and `--backend=kvm` in the lab. To renew this "
      "file:\n"
      "`SCHEDRIG_UPDATE_GOLDEN=1 build/bin/contract_table_test`.\n"
      "\n"
      "| op | case | on mock | on kvm |\n"
      "| --- | --- | --- | --- |\n";
  for (const OpCase& one : op_cases()) {
    if (one.status != StatusCode::kOk) {
      text += "| `" + one.op + "` | " + one.name + " | " + cell(one) + " | " + cell(one) + " |\n";
    }
  }
  return text;
}

} // namespace schedrig::contract

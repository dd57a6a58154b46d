// SPDX-License-Identifier: MIT
// Cases of spawn.
#include <cerrno>

#include "tests/contract/op_case_parts.hpp"

namespace schedrig::contract {

void spawn_cases(std::vector<OpCase>& cases) {
  const std::string op = "spawn";
  for (const WorkTypeInfo& info : work_types()) {
    WorkGroup group = work(info.type, info.group_size);
    if (info.type == WorkType::kSequence) {
      group.phases = {{.kind = PhaseKind::kSpin, .duration_ns = 1'000'000}};
    }
    cases.push_back({op,
                     std::string(info.name) + " into a cgroup",
                     {cgroup("a")},
                     {},
                     spawn_in("a", group),
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
  WorkGroup bound = work(WorkType::kSpin, 1);
  bound.mem_policy = {.mode = MemPolicyMode::kBind, .nodes = {0}};
  cases.push_back({.op = op,
                   .name = "with memory of a node",
                   .backdrop = {cgroup("a")},
                   .body = spawn_in("a", bound),
                   .check = all_workers_completed});
  bound.mem_policy.nodes = {1};
  cases.push_back({.op = op,
                   .name = "with memory of a node that the machine lacks",
                   .backdrop = {cgroup("a")},
                   .body = spawn_in("a", bound),
                   .status = StatusCode::kInvalidArgument});
  WorkGroup mean = work(WorkType::kSpin, 1);
  mean.nice = 20;
  cases.push_back(
      {op, "nice 20", {cgroup("a")}, {}, spawn_in("a", mean), StatusCode::kInvalidArgument});
}

} // namespace schedrig::contract

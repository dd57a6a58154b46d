// SPDX-License-Identifier: MIT
// Cases of move_all_tasks.
#include "tests/contract/op_case_parts.hpp"

namespace schedrig::contract {
namespace {

const std::string kOp = "move_all_tasks";

OpBody move(std::string from, std::string to) {
  return MoveAllTasks{.from = std::move(from), .to = std::move(to)};
}

OpBody spawn_beside_the_runner(std::uint32_t workers) {
  return Spawn{.cgroup = {}, .work = work(WorkType::kSpin, workers)};
}

OpBody look_into(std::string cgroup) {
  return CaptureCgroupProcs{.tag = "t", .cgroup = std::move(cgroup)};
}

// The capture holds `count` processes, and their workers were in cgroup `where` at the end.
auto moved(std::size_t count, std::string where) {
  return [count, where = std::move(where)](const RunReport& report) {
    all_workers_completed(report);
    EXPECT_EQ(only_capture(report).pids.size(), count);
    for (const engine::WorkerRecord& worker : report.workers) {
      EXPECT_EQ(worker.cgroup, where);
    }
  };
}

void moves_that_work(std::vector<OpCase>& cases) {
  const CgroupDef two = spinners("a", 2);
  cases.push_back({.op = kOp,
                   .name = "from the backdrop to the backdrop",
                   .backdrop = {two, cgroup("b")},
                   .before = {move("a", "b")},
                   .body = look_into("b"),
                   .check = moved(2, "b")});
  cases.push_back({.op = kOp,
                   .name = "leaves nobody behind",
                   .backdrop = {two, cgroup("b")},
                   .before = {move("a", "b")},
                   .body = look_into("a"),
                   .check = moved(0, "b")});
  cases.push_back({.op = kOp,
                   .name = "from a step to the same step",
                   .before = {AddCgroupDef{two}, AddCgroup{"b"}, move("a", "b")},
                   .body = look_into("b"),
                   .check = moved(2, "b")});
  cases.push_back({.op = kOp,
                   .name = "from a step to the backdrop",
                   .backdrop = {cgroup("b")},
                   .before = {AddCgroupDef{two}, move("a", "b"), RemoveCgroup{"a"}},
                   .body = look_into("b"),
                   .check = moved(2, "b")});
  cases.push_back({.op = kOp,
                   .name = "an empty cgroup",
                   .backdrop = {cgroup("a"), spinners("b", 1)},
                   .before = {move("a", "b")},
                   .body = look_into("b"),
                   .check = moved(1, "b")});
  cases.push_back({.op = kOp,
                   .name = "out of a frozen cgroup",
                   .backdrop = {two, cgroup("b")},
                   .before = {FreezeCgroup{"a"}, move("a", "b")},
                   .body = look_into("b"),
                   .check = moved(2, "b")});
  cases.push_back({.op = kOp,
                   .name = "into a frozen cgroup",
                   .backdrop = {two, cgroup("b")},
                   .before = {FreezeCgroup{"b"}, move("a", "b")},
                   .body = look_into("b"),
                   .check = moved(2, "b")});
  cases.push_back({.op = kOp,
                   .name = "the step's workers beside the runner",
                   .before = {AddCgroup{"b"}, spawn_beside_the_runner(2), move("", "b")},
                   .body = look_into("b"),
                   .check = moved(2, "b")});
  cases.push_back({.op = kOp,
                   .name = "the backdrop's workers beside the runner",
                   .backdrop = {cgroup("b")},
                   .before = {move("", "b")},
                   .body = look_into("b"),
                   .check = moved(3, "b"),
                   .backdrop_ops = {spawn_beside_the_runner(3)}});
}

void moves_that_are_refused(std::vector<OpCase>& cases) {
  const auto refused = [&](std::string name, StatusCode status, std::vector<CgroupDef> backdrop,
                           std::vector<OpBody> before, OpBody body,
                           std::vector<OpBody> backdrop_ops = {}) {
    cases.push_back({.op = kOp,
                     .name = std::move(name),
                     .backdrop = std::move(backdrop),
                     .before = std::move(before),
                     .body = std::move(body),
                     .status = status,
                     .backdrop_ops = std::move(backdrop_ops)});
  };
  const auto invalid = StatusCode::kInvalidArgument;
  const CgroupDef one = spinners("a", 1);
  refused("to where it comes from", invalid, {one}, {}, move("a", "a"));
  refused("from and to are both empty", invalid, {}, {spawn_beside_the_runner(1)}, move("", ""));
  refused("to is empty", invalid, {one}, {}, move("a", ""));
  refused("from the backdrop to a step", invalid, {one}, {AddCgroup{"b"}}, move("a", "b"));
  refused("the backdrop's workers beside the runner to a step", invalid, {}, {AddCgroup{"b"}},
          move("", "b"), {spawn_beside_the_runner(1)});
  refused("workers of both step and backdrop beside the runner", invalid, {cgroup("b")},
          {spawn_beside_the_runner(1)}, move("", "b"), {spawn_beside_the_runner(1)});
  refused("nobody beside the runner", StatusCode::kNotFound, {cgroup("b")}, {}, move("", "b"));
  refused("an unknown from", StatusCode::kNotFound, {cgroup("b")}, {}, move("a", "b"));
  refused("an unknown to", StatusCode::kNotFound, {one}, {}, move("a", "b"));
}

} // namespace

void move_cases(std::vector<OpCase>& cases) {
  moves_that_work(cases);
  moves_that_are_refused(cases);
}

} // namespace schedrig::contract

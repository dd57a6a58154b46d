// SPDX-License-Identifier: MIT
#include "host/kernel_view/task_walk.hpp"

#include <utility>

namespace schedrig::kernel_view {

Result<TaskWalk> TaskWalk::of(const KernelView& view) {
  const kernel::BtfTypes& types = view.facts().types;
  auto task = TRY(StructReader::of(types, view.memory(), "task_struct"));
  auto signal = TRY(StructReader::of(types, view.memory(), "signal_struct"));
  const std::uint64_t init_task = TRY(view.address_of("init_task"));
  return TaskWalk(view, std::move(task), std::move(signal), init_task);
}

Result<> TaskWalk::walk(WalkBudget& budget, const Visit& visit) {
  bool found = false;
  const auto visit_thread = [&](std::uint64_t node) -> Result<bool> {
    const std::uint64_t task = TRY(task_.container(node, "thread_node"));
    found = TRY(visit(task));
    return found;
  };
  const auto visit_leader = [&](std::uint64_t node) -> Result<bool> {
    const std::uint64_t leader = TRY(task_.container(node, "tasks"));
    const std::uint64_t signal = TRY(task_.number(leader, "signal"));
    const std::uint64_t threads = TRY(signal_.address(signal, "thread_head"));
    TRY(walk_list(memory_, threads, "signal->thread_head", budget, visit_thread));
    return found;
  };
  const std::uint64_t leaders = TRY(task_.address(init_task_, "tasks"));
  return walk_list(memory_, leaders, "init_task.tasks", budget, visit_leader);
}

Result<std::uint64_t> TaskWalk::find(std::int32_t pid) {
  WalkBudget budget;
  std::uint64_t place = 0;
  std::uint32_t tasks = 0;
  const auto compare = [&](std::uint64_t task) -> Result<bool> {
    ++tasks;
    if (static_cast<std::int32_t>(TRY(task_.number(task, "pid"))) != pid) {
      return false;
    }
    place = task;
    return true;
  };
  TRY(walk(budget, compare));
  if (place == 0) {
    return fail(StatusCode::kNotFound,
                "no task of the kernel's " + std::to_string(tasks) + " has pid " +
                    std::to_string(pid),
                "it has ended, or the pid is of another pid namespace than the kernel's first");
  }
  return place;
}

Result<std::vector<TaskFacts>> TaskWalk::all() {
  std::vector<TaskFacts> all;
  WalkBudget budget;
  const auto collect = [&](std::uint64_t task) -> Result<bool> {
    all.push_back(TRY(facts(task)));
    return false;
  };
  TRY(walk(budget, collect));
  return all;
}

std::string TaskWalk::class_name(std::uint64_t address) const {
  const auto place = view_->facts().symbols.place_of(address - view_->place().slide);
  return place && place->offset == 0 ? std::string(place->name) : std::string();
}

Result<std::optional<ScxFacts>> TaskWalk::scx_facts(std::uint64_t task) {
  if (!task_.has("scx")) {
    return std::nullopt;
  }
  ScxFacts scx;
  scx.dsq = TRY(task_.number(task, "scx.dsq"));
  scx.weight = static_cast<std::uint32_t>(TRY(task_.number(task, "scx.weight")));
  scx.runnable_at = TRY(task_.number(task, "scx.runnable_at"));
  const std::uint64_t node = TRY(task_.address(task, "scx.runnable_node"));
  scx.on_runnable_list = TRY(task_.number(task, "scx.runnable_node.next")) != node;
  if (scx.dsq != 0) {
    auto queue = TRY(StructReader::of(view_->facts().types, memory_, "scx_dispatch_q"));
    scx.dsq_id = TRY(queue.number(scx.dsq, "id"));
  }
  return scx;
}

// cpus_mask, or while it may not migrate the CPU that cpus_ptr stands for then.
Result<std::vector<std::uint32_t>> TaskWalk::cpus_allowed(std::uint64_t task) {
  constexpr std::uint32_t kWordBits = 64;
  const std::uint32_t count = TRY(view_->cpus());
  std::vector<std::uint32_t> cpus;
  if (!task_.has("cpus_mask.bits[0]")) {
    return cpus;
  }
  if (task_.has("migration_disabled") && TRY(task_.number(task, "migration_disabled")) != 0) {
    cpus.push_back(static_cast<std::uint32_t>(TRY(task_.number(task, "thread_info.cpu"))));
    return cpus;
  }
  for (std::uint32_t first = 0; first < count; first += kWordBits) {
    const std::string word = "cpus_mask.bits[" + std::to_string(first / kWordBits) + "]";
    const std::uint64_t bits = TRY(task_.number(task, word));
    for (std::uint32_t bit = 0; bit < kWordBits && first + bit < count; ++bit) {
      if (((bits >> bit) & 1U) != 0) {
        cpus.push_back(first + bit);
      }
    }
  }
  return cpus;
}

Result<std::uint64_t> TaskWalk::cgroup_of(std::uint64_t task) {
  if (!task_.has("cgroups")) {
    return 0;
  }
  const std::uint64_t set = TRY(task_.number(task, "cgroups"));
  auto sets = TRY(StructReader::of(view_->facts().types, memory_, "css_set"));
  return sets.number(set, "dfl_cgrp");
}

Result<TaskFacts> TaskWalk::facts(std::uint64_t task) {
  TaskFacts facts;
  facts.address = task;
  const auto u32 = [&](std::string_view path) -> Result<std::uint32_t> {
    return static_cast<std::uint32_t>(TRY(task_.number(task, path)));
  };
  facts.pid = static_cast<std::int32_t>(TRY(u32("pid")));
  facts.tgid = static_cast<std::int32_t>(TRY(u32("tgid")));
  facts.comm = TRY(task_.text(task, "comm"));
  facts.start_ns = TRY(task_.number(task, "start_boottime"));
  facts.state = TRY(u32("__state"));
  facts.exit_state = TRY(u32("exit_state"));
  facts.flags = TRY(u32("flags"));
  facts.cpu = TRY(u32("thread_info.cpu"));
  facts.policy = TRY(u32("policy"));
  facts.prio = static_cast<std::int32_t>(TRY(u32("prio")));
  facts.static_prio = static_cast<std::int32_t>(TRY(u32("static_prio")));
  facts.sched_class = class_name(TRY(task_.number(task, "sched_class")));
  facts.weight = TRY(task_.number(task, "se.load.weight"));
  facts.on_rq = TRY(u32("on_rq")) != 0;
  facts.on_cpu = TRY(u32("on_cpu")) != 0;
  if (task_.has("sched_info.last_queued")) {
    facts.queued_ns = TRY(task_.number(task, "sched_info.last_queued"));
  }
  facts.cpus_allowed = TRY(cpus_allowed(task));
  facts.cgroup = TRY(cgroup_of(task));
  facts.scx = TRY(scx_facts(task));
  return facts;
}

} // namespace schedrig::kernel_view

// SPDX-License-Identifier: MIT
#include "host/engine/scene.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace schedrig::engine {
namespace {

using kernel_view::CpuFacts;
using kernel_view::DsqFacts;
using kernel_view::TaskFacts;

// "ext_sched_class" is "ext".
std::string short_class(const std::string& symbol) {
  return symbol.substr(0, std::min(symbol.find("_sched_class"), symbol.size()));
}

double stolen_share(const CpuFacts& cpu) {
  double all = 0;
  double stolen = 0;
  for (const kernel_view::CpuTime& time : cpu.times) {
    all += static_cast<double>(time.ns);
    stolen += time.state == "steal" ? static_cast<double>(time.ns) : 0.0;
  }
  return all == 0 ? 0 : stolen / all;
}

triage::Queue queue_of(const DsqFacts& dsq) {
  triage::Queue queue{.id = dsq.id, .by_vtime = dsq.by_vtime};
  if (dsq.kind == kernel_view::DsqKind::kLocal) {
    queue.local_cpu = dsq.owner;
  }
  queue.global = dsq.kind == kernel_view::DsqKind::kGlobal;
  return queue;
}

struct Queued {
  triage::Queue queue;
  std::uint64_t vtime = 0;
};

std::map<std::int32_t, Queued> queued_tasks(const Result<std::vector<DsqFacts>>& dsqs) {
  std::map<std::int32_t, Queued> queued;
  for (const DsqFacts& dsq : dsqs ? *dsqs : std::vector<DsqFacts>{}) {
    for (const kernel_view::QueuedTask& task : dsq.tasks) {
      queued.insert_or_assign(task.pid, Queued{.queue = queue_of(dsq), .vtime = task.vtime});
    }
  }
  return queued;
}

} // namespace

triage::Scene scene_of(const Result<std::vector<CpuFacts>>& cpus,
                       const Result<std::vector<TaskFacts>>& tasks,
                       const Result<std::vector<DsqFacts>>& dsqs, std::string source,
                       std::int64_t at_ns) {
  triage::Scene scene;
  scene.source = std::move(source);
  scene.at_ns = at_ns;
  std::uint64_t now = 0; // an idle CPU's clock stands, the others' are one clock
  std::map<std::uint64_t, std::string> classes; // by task_struct
  for (const TaskFacts& task : tasks ? *tasks : std::vector<TaskFacts>{}) {
    classes.emplace(task.address, short_class(task.sched_class));
  }
  for (const CpuFacts& cpu : cpus ? *cpus : std::vector<CpuFacts>{}) {
    now = std::max(now, cpu.clock_ns);
    const auto cls = classes.find(cpu.curr);
    scene.cpus.push_back({.cpu = cpu.cpu,
                          .pid = cpu.curr_pid,
                          .comm = cpu.curr_comm,
                          .sched_class = cls == classes.end() ? "" : cls->second,
                          .stolen_share = stolen_share(cpu)});
  }
  const auto queued = queued_tasks(dsqs);
  for (const TaskFacts& task : tasks ? *tasks : std::vector<TaskFacts>{}) {
    if (!task.on_rq || task.state != 0) {
      continue; // it sleeps, or is on its way to
    }
    triage::TaskScene& seen = scene.tasks.emplace_back();
    seen.pid = task.pid;
    seen.comm = task.comm;
    seen.sched_class = short_class(task.sched_class);
    seen.running = task.on_cpu;
    seen.cpu = task.cpu;
    seen.allowed = task.cpus_allowed;
    if (!task.on_cpu && task.queued_ns != 0 && now > task.queued_ns) {
      seen.waiting_ns = static_cast<std::int64_t>(now - task.queued_ns);
    }
    if (const auto at = queued.find(task.pid); at != queued.end()) {
      seen.queue = at->second.queue;
      seen.vtime = at->second.vtime;
    }
  }
  return scene;
}

triage::Scene scene_of(const kernel_view::KernelSnapshot& snapshot, std::string source,
                       std::int64_t at_ns) {
  return scene_of(snapshot.cpus, snapshot.tasks, snapshot.dsqs, std::move(source), at_ns);
}

} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
#include "host/engine/failure.hpp"

#include <algorithm>
#include <csignal>

#include <sys/wait.h>

#include <schedrig/scheduler_exit.hpp>
#include <schedrig/topology.hpp>

#include "host/engine/check_parts.hpp"
#include "host/engine/checks.hpp"
#include "host/engine/scheduler_control.hpp"
#include "host/triage/kernel_dump.hpp"
#include "host/triage/triage.hpp"

namespace schedrig::engine {
namespace {

using triage::Evidence;
using triage::Scene;

// The one that nobody expected; else the first ejection by an error, if there was one.
const SchedulerEvent* exit_of(const RunReport& report) {
  const SchedulerEvent* ejected = nullptr;
  for (const SchedulerEvent& event : report.scheduler_events) {
    if (event.kind != SchedulerEventKind::kExit || event.restarted) {
      continue;
    }
    if (!event.expected) {
      return &event;
    }
    if (ejected == nullptr && event.exit_kind >= kExitError) {
      ejected = &event;
    }
  }
  return ejected;
}

triage::ExitFacts facts_of(const SchedulerEvent& exit) {
  return {.scheduler = exit.scheduler,
          .kind = exit.exit_kind,
          .message = exit.message,
          .log = exit.log,
          .pid = exit.pid,
          .task = exit.task,
          .at_ns = exit.at_ns,
          .runnable_since_ns = exit.runnable_since_ns};
}

bool has_waiting(const Scene& scene, std::int32_t pid) {
  return std::ranges::any_of(scene.tasks, [pid](const triage::TaskScene& task) {
    return task.pid == pid && !task.running;
  });
}

// The kernel dumps its state before it lets go of the scheduler's tasks; a snapshot may come later,
// and has besides what the host took from the CPUs.
std::optional<Scene> scene_of_exit(const RunReport& report, const SchedulerEvent& exit,
                                   std::uint32_t cpus) {
  const auto before = std::ranges::find_if(report.scenes, [&](const Scene& scene) {
    return scene.suspect != 0 && scene.suspect == exit.pid;
  });
  if (before != report.scenes.end()) {
    return *before; // as it was when it began to go wrong
  }
  const Scene* taken = nullptr;
  for (const Scene& scene : report.scenes) {
    taken = scene.suspect == 0 && taken == nullptr ? &scene : taken;
  }
  auto dumped = triage::read_kernel_dump(exit.dump, cpus, exit.at_ns);
  const bool taken_in_time = taken != nullptr && exit.pid != 0 && has_waiting(*taken, exit.pid) &&
                             !(dumped && has_waiting(*dumped, exit.pid));
  if (!dumped || taken_in_time) {
    return taken == nullptr ? std::nullopt : std::optional(*taken);
  }
  for (triage::CpuScene& cpu : dumped->cpus) {
    const auto same = [&](const triage::CpuScene& other) { return other.cpu == cpu.cpu; };
    if (taken != nullptr) {
      const auto found = std::ranges::find_if(taken->cpus, same);
      cpu.stolen_share = found == taken->cpus.end() ? 0 : found->stolen_share;
    }
  }
  return dumped;
}

// The worker that did not end, or that stood still for longest.
std::optional<triage::WorkerFacts> worst_worker(const RunReport& report) {
  std::optional<triage::WorkerFacts> worst;
  for (const WorkerRecord& worker : report.workers) {
    if (!worker.started) {
      continue;
    }
    if (!worker.completed) {
      return triage::WorkerFacts{.name = describe_worker(worker),
                                 .pid = worker.pid,
                                 .killed = WIFSIGNALED(worker.wait_status) &&
                                           WTERMSIG(worker.wait_status) != SIGKILL,
                                 .ended = "wait status " + std::to_string(worker.wait_status)};
    }
    for (const Gap& gap : worker.gaps) {
      const std::int64_t length = unfrozen_length(gap, worker.frozen);
      if (!worst || length > worst->stood_still_ns) {
        worst = triage::WorkerFacts{.name = describe_worker(worker),
                                    .pid = worker.pid,
                                    .stood_still_ns = length,
                                    .since_ns = gap.start_ns};
      }
    }
  }
  return worst;
}

bool failed(const RunReport& report, std::string_view check) {
  return std::ranges::any_of(report.checks, [check](const CheckRecord& record) {
    return record.name == check && record.verdict == Verdict::kFail;
  });
}

// What kernels print when a CPU or a task does not get on: it may be anybody's doing.
bool is_defect(ComplaintKind kind) {
  return is_fault(kind) && kind != ComplaintKind::kRcuStall && kind != ComplaintKind::kLockup &&
         kind != ComplaintKind::kHungTask && kind != ComplaintKind::kOutOfMemory;
}

void add_complaints(const RunReport& report, Evidence& evidence) {
  for (const KernelComplaint& complaint : report.kernel_log) {
    if (is_fault(complaint.kind)) {
      evidence.complaints.push_back(
          {.at_ns = complaint.at_ns,
           .text = std::string(to_string(complaint.kind)) + ": " + complaint.text,
           .defect = is_defect(complaint.kind)});
    }
  }
}

} // namespace

std::optional<triage::Diagnosis> explain_failure(const Scenario& scenario,
                                                 const RunReport& report) {
  const SchedulerEvent* const exit = exit_of(report);
  if (report.verdict == Verdict::kPass && exit == nullptr) {
    return std::nullopt;
  }
  const std::uint32_t cpus = cpu_count(scenario.machine.topology.view());
  Evidence evidence{.scheduler = report.scheduler == kKernelsOwn ? "" : report.scheduler,
                    .late_vcpu = report.late_vcpu,
                    .vcpus = cpus};
  add_complaints(report, evidence);
  if (exit != nullptr) {
    evidence.exit = facts_of(*exit);
    evidence.scene = scene_of_exit(report, *exit, cpus);
    return triage::triage(evidence);
  }
  if (report.attach_error) {
    evidence.attach_error = report.attach_error->message;
    evidence.attach_timed_out = report.attach_error->code == StatusCode::kTimeout;
    return triage::triage(evidence);
  }
  const auto suspected =
      std::ranges::find_if(report.scenes, [](const Scene& scene) { return scene.suspect != 0; });
  if (suspected != report.scenes.end()) {
    evidence.scene = *suspected;
  } else if (failed(report, "not_stuck") || failed(report, "max_gap")) {
    evidence.worker = worst_worker(report);
  }
  return triage::triage(evidence);
}

} // namespace schedrig::engine

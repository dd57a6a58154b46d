// SPDX-License-Identifier: MIT
#include "host/triage/triage.hpp"

#include <algorithm>
#include <utility>

#include <schedrig/scheduler_exit.hpp>

#include "host/text/human_duration.hpp"

namespace schedrig::triage {
namespace {

// When things had gone wrong; a complaint after that may be a consequence.
std::int64_t end_of(const Evidence& evidence) {
  return evidence.exit ? evidence.exit->at_ns : INT64_MAX;
}

const ComplaintFacts* first_defect(const Evidence& evidence) {
  const auto found = std::ranges::find_if(evidence.complaints, [&](const ComplaintFacts& each) {
    return each.defect && each.at_ns <= end_of(evidence);
  });
  return found == evidence.complaints.end() ? nullptr : &*found;
}

std::string complaint_text(const ComplaintFacts& complaint) {
  return "the kernel at " + text::human_duration(complaint.at_ns) + ": " + complaint.text;
}

Diagnosis attach_error(const Evidence& evidence) {
  Diagnosis found{.kind = Kind::kAttachError,
                  .blame = evidence.attach_timed_out ? Blame::kInconclusive : Blame::kScheduler,
                  .culprit = {},
                  .summary = "scheduler \"" + evidence.scheduler + "\" was not attached" +
                             (evidence.attach_timed_out ? " in time" : ""),
                  .evidence = {evidence.attach_error}};
  if (evidence.attach_timed_out) {
    found.evidence.emplace_back("nothing shows whether it was too slow or the machine");
  }
  return found;
}

Diagnosis of_worker(const Evidence& evidence, const WorkerFacts& worker) {
  if (worker.killed) {
    return {.kind = Kind::kWorkerKilled,
            .blame = Blame::kWorkload,
            .culprit = worker.name,
            .summary = worker.name + " did not live to its end",
            .evidence = {worker.ended}};
  }
  Diagnosis found = diagnose_stall(evidence, worker.pid, worker.name, worker.stood_still_ns);
  if (worker.stood_still_ns > 0) {
    found.evidence.push_back("it stood still from " + text::human_duration(worker.since_ns) +
                             " on; a scheduler's exit or the monitor shows more");
  }
  return found;
}

// The watchdog may find that it has not run itself, and names no task then.
std::int32_t stalled_pid(const Evidence& evidence) {
  const ExitFacts& exit = *evidence.exit;
  if (exit.pid != 0 || !evidence.scene) {
    return exit.pid;
  }
  const TaskScene* longest = nullptr;
  for (const TaskScene& task : evidence.scene->tasks) {
    if (!task.running && (longest == nullptr || task.waiting_ns > longest->waiting_ns)) {
      longest = &task;
    }
  }
  return longest == nullptr ? 0 : longest->pid;
}

std::optional<Diagnosis> by_what_happened(const Evidence& evidence) {
  if (!evidence.attach_error.empty()) {
    return attach_error(evidence);
  }
  if (evidence.exit && evidence.exit->kind != kExitErrorStall) {
    return diagnose_exit(evidence);
  }
  if (evidence.exit) {
    const ExitFacts& exit = *evidence.exit;
    const std::string name =
        exit.pid == 0 ? std::string("a task") : exit.task + "[" + std::to_string(exit.pid) + "]";
    const std::int64_t waited =
        exit.runnable_since_ns < 0 ? 0 : exit.at_ns - exit.runnable_since_ns;
    return diagnose_stall(evidence, stalled_pid(evidence), name, waited);
  }
  if (evidence.worker) {
    return of_worker(evidence, *evidence.worker);
  }
  if (evidence.scene && evidence.scene->suspect != 0) {
    return diagnose_stall(evidence, evidence.scene->suspect,
                          "pid " + std::to_string(evidence.scene->suspect), 0);
  }
  return std::nullopt;
}

} // namespace

std::optional<Diagnosis> triage(const Evidence& evidence) {
  auto found = by_what_happened(evidence);
  if (const ComplaintFacts* const defect = first_defect(evidence)) {
    Diagnosis kernel{.kind = Kind::kKernelBug,
                     .blame = Blame::kKernel,
                     .culprit = {},
                     .summary = "the kernel complained of itself" +
                                std::string(found ? " before anything else went wrong" : ""),
                     .evidence = {complaint_text(*defect)}};
    if (found) {
      kernel.evidence.push_back("then: " + found->summary);
    }
    return kernel;
  }
  if (found) {
    for (const ComplaintFacts& each : evidence.complaints) {
      if (!each.defect && each.at_ns <= end_of(evidence)) {
        found->evidence.push_back(complaint_text(each));
      }
    }
  }
  return found;
}

} // namespace schedrig::triage

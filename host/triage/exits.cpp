// SPDX-License-Identifier: MIT
// Ends of schedulers that say themselves what was wrong: the messages of scx_exit() and scx_error()
// in kernel/sched/ext.c, Linux 6.12 to 7.2, by the words that have stayed the same in all of them.
#include <algorithm>
#include <array>

#include <schedrig/scheduler_exit.hpp>

#include "host/text/cpulist.hpp"
#include "host/triage/triage.hpp"

namespace schedrig::triage {
namespace {

struct Rule {
  std::string_view words; // of the message
  Kind kind;
  std::string_view meaning;
};
// The first whose words are there.
constexpr std::array kRules = {
    Rule{"uncaught exception", Kind::kCallbackThrew, "an exception left a callback"},
    Rule{"soft lockup", Kind::kSlowCallback, "a CPU did not get out of the scheduler"},
    Rule{"non-existent DSQ", Kind::kBadDsq, "a task went to a queue that does not exist"},
    Rule{"invalid DSQ ID", Kind::kBadDsq, "a queue was used that does not exist"},
    Rule{"not allowed for", Kind::kCpuNotAllowed, "a task was sent to a CPU that it may not use"},
    Rule{"cannot move migration disabled", Kind::kCpuNotAllowed,
         "a task was sent to another CPU while it may not migrate"},
    Rule{"already direct-dispatched", Kind::kInsertedTwice, "a task was inserted twice"},
    Rule{"invalid CPU", Kind::kBadCpu, "a CPU was used that does not exist"},
};

std::string name_of(const ExitFacts& exit) {
  return exit.pid == 0 ? std::string() : exit.task + "[" + std::to_string(exit.pid) + "]";
}

Diagnosis by_message(const ExitFacts& exit) {
  Diagnosis found{.kind = Kind::kBrokenRule,
                  .blame = Blame::kScheduler,
                  .culprit = name_of(exit),
                  .summary = "the scheduler broke a rule of sched_ext",
                  .evidence = {}};
  for (const Rule& rule : kRules) {
    if (exit.message.find(rule.words) != std::string::npos) {
      found.kind = rule.kind;
      found.summary = rule.meaning;
      break;
    }
  }
  if (found.kind == Kind::kBrokenRule && exit.kind == kExitErrorBpf) {
    found.kind = Kind::kSchedulerError;
    found.summary = "the scheduler reported an error itself";
  }
  return found;
}

Diagnosis by_kind(const ExitFacts& exit) {
  switch (exit.kind) {
  case kExitUnregBpf:
    return {.kind = Kind::kSelfExit,
            .blame = Blame::kScheduler,
            .culprit = {},
            .summary = "the scheduler ended by itself",
            .evidence = {}};
  case kExitUnreg: {
    // Who sends a signal is not to be seen; what a program does wrong has signals of its own.
    const bool killed = exit.message.find("signal 9") != std::string::npos ||
                        exit.message.find("signal 15") != std::string::npos;
    return {.kind = Kind::kLoaderGone,
            .blame = killed ? Blame::kInconclusive : Blame::kScheduler,
            .culprit = {},
            .summary =
                killed ? "the scheduler's loader was killed" : "the scheduler's loader ended",
            .evidence = {}};
  }
  case kExitUnregKern:
    return {.kind = Kind::kDisabled,
            .blame = Blame::kWorkload,
            .culprit = {},
            .summary = "the kernel took the scheduler off, as after a CPU came or went",
            .evidence = {}};
  case kExitSysrq:
    return {.kind = Kind::kDisabled,
            .blame = Blame::kWorkload,
            .culprit = {},
            .summary = "the scheduler was disabled by sysrq-S",
            .evidence = {}};
  default:
    return by_message(exit);
  }
}

constexpr std::size_t kLastWords = 3;

} // namespace

void add_last_words(const ExitFacts& exit, std::int32_t pid, Diagnosis& to) {
  const std::string about = "pid " + std::to_string(pid);
  std::vector<std::string> lines;
  std::string_view log = exit.log;
  while (pid != 0 && !log.empty()) {
    const std::size_t n = std::min(log.find('\n'), log.size());
    if (log.substr(0, n).ends_with(about)) {
      lines.push_back("the scheduler's log: " + std::string(log.substr(0, n)));
    }
    log.remove_prefix(std::min(n + 1, log.size()));
  }
  const std::size_t from = lines.size() - std::min(lines.size(), kLastWords);
  to.evidence.insert(to.evidence.end(), lines.begin() + static_cast<std::ptrdiff_t>(from),
                     lines.end());
}

Diagnosis diagnose_exit(const Evidence& evidence) {
  const ExitFacts& exit = *evidence.exit;
  Diagnosis found = by_kind(exit);
  found.evidence.push_back(std::string(exit_kind_info(exit.kind).name) +
                           (exit.message.empty() ? "" : ": " + exit.message));
  add_last_words(exit, exit.pid, found);
  if (exit.pid == 0 || !evidence.scene) {
    return found;
  }
  for (const TaskScene& task : evidence.scene->tasks) {
    if (task.pid == exit.pid && !task.allowed.empty()) {
      found.evidence.push_back(name_of(exit) + " may use CPU " +
                               text::format_cpulist(task.allowed) + ", was last on CPU " +
                               std::to_string(task.cpu));
    }
  }
  return found;
}

} // namespace schedrig::triage

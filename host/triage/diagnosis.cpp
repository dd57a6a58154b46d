// SPDX-License-Identifier: MIT
#include "host/triage/diagnosis.hpp"

#include <array>

namespace schedrig::triage {
namespace {

// By Kind.
constexpr std::array<std::string_view, 26> kKinds = {
    "lost_task",     "missed_kick",     "undispatched",   "starved",     "vtime_skew",
    "rt_hog",        "dl_hog",          "higher_class",   "stall",       "bad_dsq",
    "bad_cpu",       "cpu_not_allowed", "inserted_twice", "broken_rule", "callback_threw",
    "slow_callback", "scheduler_error", "self_exit",      "loader_gone", "disabled",
    "attach_error",  "worker_killed",   "stuck_worker",   "kernel_bug",  "late_vcpu",
    "oversubscribed"};
static_assert(static_cast<std::size_t>(Kind::kOversubscribed) + 1 == kKinds.size());

} // namespace

std::string_view to_string(Kind kind) noexcept {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::string_view to_string(Blame blame) noexcept {
  switch (blame) {
  case Blame::kScheduler:
    return "scheduler";
  case Blame::kKernel:
    return "kernel";
  case Blame::kWorkload:
    return "workload";
  case Blame::kHost:
    return "host";
  case Blame::kInconclusive:
    break;
  }
  return "inconclusive";
}

} // namespace schedrig::triage

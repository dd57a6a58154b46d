// SPDX-License-Identifier: MIT
// Work types that change themselves again and again: nice level, policy, affinity, children.
#include <array>

#include "plugins/mock/work/workers.hpp"

namespace schedrig::mock {
namespace {

constexpr std::uint32_t kNiceLevels = 40; // -20..19
// SCHED_NORMAL, SCHED_BATCH, SCHED_IDLE (linux/sched.h).
constexpr std::array<std::int32_t, 3> kPolicies = {0, 3, 5};

} // namespace

Action Workers::next_nice(Worker& worker, const WorkSpec& spec) {
  if (worker.phase++ == 0) {
    const auto level = static_cast<std::int32_t>(worker.turn++ % kNiceLevels) - 20;
    return {.kind = ActionKind::kSetNice, .value = level};
  }
  worker.phase = 0;
  ++worker.iterations;
  return compute(units_ns(spec.burst_iterations));
}

Action Workers::next_policy(Worker& worker, const WorkSpec& spec) {
  if (worker.phase++ == 0) {
    return {.kind = ActionKind::kSetPolicy, .value = kPolicies[worker.turn++ % kPolicies.size()]};
  }
  worker.phase = 0;
  ++worker.iterations;
  return compute(units_ns(spec.burst_iterations));
}

Action Workers::next_affinity(Worker& worker, const WorkSpec& spec, const CpuMask& cpuset) {
  if (worker.phase++ == 0) {
    return compute(units_ns(spec.burst_iterations));
  }
  worker.phase = 0;
  ++worker.iterations;
  const auto nth = static_cast<std::uint32_t>(cpus_.below(cpuset.count()));
  return {.kind = ActionKind::kSetAffinity, .target = cpuset.nth(nth)};
}

// fork(2) fails when pids.max or the pids of the machine are reached: the worker tries again.
Action Workers::next_fork(Worker& worker) {
  switch (worker.phase++) {
  case 0:
    return compute(kUnitNs);
  case 1:
    return {.kind = ActionKind::kFork};
  case 2:
    if (worker.child == kNoTask) {
      ++stats_.forks_refused;
      worker.phase = 1;
      return compute(kUnitNs);
    }
    return {.kind = ActionKind::kWait};
  default:
    worker.phase = 0;
    ++worker.iterations;
    return {.kind = ActionKind::kReap};
  }
}

} // namespace schedrig::mock

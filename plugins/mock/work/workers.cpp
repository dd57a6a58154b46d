// SPDX-License-Identifier: MIT
#include "plugins/mock/work/workers.hpp"

#include <algorithm>
#include <cerrno>
#include <string>

namespace schedrig::mock {
namespace {

Status invalid(const std::string& message, std::string_view help = {}) {
  return Status::make(StatusCode::kInvalidArgument, message, help);
}

} // namespace

Status check_work(const WorkSpec& spec, std::uint32_t cpus) {
  if (static_cast<std::uint32_t>(spec.type) >= kWorkTypeCount) {
    return invalid("work type " + std::to_string(static_cast<std::uint32_t>(spec.type)) +
                   " does not exist");
  }
  const WorkTypeInfo& info = work_type_info(spec.type);
  const std::string name(info.name);
  switch (spec.type) {
  case WorkType::kSpin:
  case WorkType::kYield:
  case WorkType::kBursty:
  case WorkType::kPipeIo:
    break;
  default:
    return Status::make(StatusCode::kUnsupported,
                        "work type '" + name + "' is not modelled by the mock backend",
                        "mock runs spin, yield, bursty and pipe_io");
  }
  if (spec.workers == 0 || spec.workers > kMaxWorkersPerGroup) {
    return invalid("a group of " + std::to_string(spec.workers) + " workers: 1 to " +
                   std::to_string(kMaxWorkersPerGroup) + " are possible");
  }
  if (spec.workers % info.group_size != 0) {
    return invalid("work type '" + name + "' takes workers in multiples of " +
                   std::to_string(info.group_size) + ", not " + std::to_string(spec.workers));
  }
  if (spec.nice < -20 || spec.nice > 19) {
    return invalid("nice " + std::to_string(spec.nice) + " is not in -20..19");
  }
  if (static_cast<std::uint32_t>(spec.policy) > static_cast<std::uint32_t>(SchedClass::kIdle)) {
    return invalid("scheduling class " + std::to_string(static_cast<std::uint32_t>(spec.policy)) +
                   " does not exist");
  }
  if (spec.type == WorkType::kBursty && (spec.burst_ns <= 0 || spec.sleep_ns <= 0)) {
    return invalid("work type 'bursty' needs a burst and a sleep above zero");
  }
  if (spec.type == WorkType::kPipeIo && spec.burst_iterations == 0) {
    return invalid("work type 'pipe_io' needs at least one unit of work per exchange");
  }
  // As sched_setaffinity(2): CPUs that do not exist are passed over, but one must be left.
  const bool none_exists =
      std::ranges::all_of(spec.cpus, [&](std::uint32_t cpu) { return cpu >= cpus; });
  if (!spec.cpus.empty() && none_exists) {
    return Status::make(StatusCode::kOs,
                        "spawn: sched_setaffinity: none of the CPUs of the affinity exists",
                        "the machine has CPUs 0 to " + std::to_string(cpus - 1), EINVAL);
  }
  return {};
}

void Workers::add(TaskId id, const WorkSpec& spec) {
  if (id >= workers_.size()) {
    workers_.resize(id + 1);
  }
  workers_[id] = {.type = spec.type,
                  .burst_iterations = spec.burst_iterations,
                  .burst_ns = spec.burst_ns,
                  .sleep_ns = spec.sleep_ns};
}

std::uint64_t Workers::iterations(TaskId id, const Task& task) const {
  const Worker& worker = workers_[id];
  // A spinner's cycle is its unit.
  return worker.type == WorkType::kSpin ? static_cast<std::uint64_t>(task.progress / kUnitNs)
                                        : worker.iterations;
}

Action Workers::next_action(TaskId id, const Task& task) noexcept {
  if (task.stop) {
    return {.kind = ActionKind::kExit};
  }
  Worker& worker = workers_[id];
  const std::uint32_t phase = worker.phase++;
  switch (worker.type) {
  case WorkType::kYield:
    if (phase == 0) {
      return {.kind = ActionKind::kCompute, .ns = kUnitNs};
    }
    ++worker.iterations;
    worker.phase = 0;
    return {.kind = ActionKind::kYield};
  case WorkType::kBursty:
    if (phase == 0) {
      // Whole units: the clock is looked at between them.
      const Nanos units = (worker.burst_ns + kUnitNs - 1) / kUnitNs;
      return {.kind = ActionKind::kCompute, .ns = units * kUnitNs};
    }
    ++worker.iterations;
    worker.phase = 0;
    return {.kind = ActionKind::kSleep, .ns = worker.sleep_ns};
  case WorkType::kPipeIo:
    if (phase == 0) {
      return {.kind = ActionKind::kCompute, .ns = kUnitNs * worker.burst_iterations};
    }
    if (phase == 1) {
      return {.kind = ActionKind::kSendToken, .target = worker.partner};
    }
    if (phase == 2) {
      return {.kind = ActionKind::kReadToken};
    }
    ++worker.iterations; // the partner's byte has been read
    worker.phase = 1;
    return {.kind = ActionKind::kCompute, .ns = kUnitNs * worker.burst_iterations};
  default:
    return {.kind = ActionKind::kCompute, .ns = kNever};
  }
}

} // namespace schedrig::mock

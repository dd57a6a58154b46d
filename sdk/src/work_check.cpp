// SPDX-License-Identifier: MIT
#include <algorithm>
#include <string>

#include <schedrig/tasks.hpp>
#include <schedrig/work_check.hpp>

namespace schedrig {
namespace {

// An hour: as long as a scenario may say; sums of two cannot overflow.
constexpr std::int64_t kLongestNs = 3'600'000'000'000;

Status invalid(const std::string& message, std::string_view help = {}) {
  return Status::make(StatusCode::kInvalidArgument, message, help);
}

Status out_of_range(std::string_view type, std::string_view parameter, std::string_view range) {
  return invalid("work type '" + std::string(type) + "': " + std::string(parameter) + " must be " +
                 std::string(range));
}

bool is_time(std::int64_t ns) {
  return ns > 0 && ns <= kLongestNs;
}

// Whether it takes time: a loop of phases that do not would never end.
bool takes_time(const WorkPhase& phase) {
  return phase.kind != PhaseKind::kRepeat && phase.kind != PhaseKind::kEnd &&
         phase.kind != PhaseKind::kDelay;
}

Status check_phase(const WorkSpec& spec, std::size_t index, std::string_view name) {
  const WorkPhase& phase = spec.phases[index];
  switch (phase.kind) {
  case PhaseKind::kSpin:
  case PhaseKind::kSleep:
  case PhaseKind::kYield:
  case PhaseKind::kIo:
  case PhaseKind::kRun:
  case PhaseKind::kDelay:
    return is_time(phase.duration_ns)
               ? Status{}
               : out_of_range(name, "a phase", "a spin, sleep, yield or io above zero");
  case PhaseKind::kTimer:
  case PhaseKind::kAbsoluteTimer:
    return is_time(phase.duration_ns) && phase.number < kMaxPhases
               ? Status{}
               : out_of_range(name, "a timer", "above zero and at most an hour");
  case PhaseKind::kRepeat:
    return phase.number < index &&
                   std::ranges::any_of(spec.phases.subspan(phase.number, index - phase.number),
                                       takes_time)
               ? Status{}
               : out_of_range(name, "a repeat", "of phases before it that take time");
  case PhaseKind::kWaitOn:
    return phase.number < kMaxWorkResources && phase.count < kMaxWorkResources
               ? Status{}
               : out_of_range(name, "a condition", "below " + std::to_string(kMaxWorkResources));
  case PhaseKind::kLock:
  case PhaseKind::kUnlock:
  case PhaseKind::kSignal:
  case PhaseKind::kBroadcast:
  case PhaseKind::kSuspend:
  case PhaseKind::kBarrier:
    return phase.number < kMaxWorkResources
               ? Status{}
               : out_of_range(name, "a mutex, condition or barrier",
                              "below " + std::to_string(kMaxWorkResources));
  case PhaseKind::kYieldOnce:
  case PhaseKind::kEnd:
    return {};
  }
  return out_of_range(name, "a phase", "of a kind that exists");
}

Status check_phases(const WorkSpec& spec, std::string_view name) {
  if (spec.phases.empty() || spec.phases.size() > kMaxPhases) {
    return out_of_range(name, "phases", "1 to " + std::to_string(kMaxPhases) + " phases");
  }
  if (std::ranges::none_of(spec.phases, takes_time)) {
    return out_of_range(name, "phases", "such that one takes time");
  }
  for (std::size_t i = 0; i < spec.phases.size(); ++i) {
    if (Status status = check_phase(spec, i, name); !status.ok()) {
      return status;
    }
  }
  return {};
}

Status check_parameters(const WorkSpec& spec) {
  const WorkTypeInfo& info = work_type_info(spec.type);
  const auto takes = [&](std::uint32_t param) { return (info.params & param) != 0; };
  const auto in_range = [](std::uint64_t value, std::uint64_t low, std::uint64_t high) {
    return value >= low && value <= high;
  };
  if (takes(kParamBurst) && !is_time(spec.burst_ns)) {
    return out_of_range(info.name, "burst", "above zero and at most an hour");
  }
  if (takes(kParamSleep) && !is_time(spec.sleep_ns)) {
    return out_of_range(info.name, "sleep", "above zero and at most an hour");
  }
  if (takes(kParamBurstIterations) && spec.burst_iterations == 0) {
    return out_of_range(info.name, "burst_iterations", "at least 1");
  }
  if (takes(kParamHoldIterations) && spec.hold_iterations == 0) {
    return out_of_range(info.name, "hold_iterations", "at least 1");
  }
  if (takes(kParamFanOut) && !in_range(spec.fan_out, 1, kMaxFanOut)) {
    return out_of_range(info.name, "fan_out", "1 to " + std::to_string(kMaxFanOut));
  }
  if (takes(kParamContenders) && !in_range(spec.contenders, 1, kMaxFanOut)) {
    return out_of_range(info.name, "contenders", "1 to " + std::to_string(kMaxFanOut));
  }
  if (takes(kParamFootprint) && !in_range(spec.footprint_bytes, 64, kMaxFootprintBytes)) {
    return out_of_range(info.name, "footprint", "64 B to 1 GiB");
  }
  if (takes(kParamStride) && !in_range(spec.stride_bytes, 1, spec.footprint_bytes)) {
    return out_of_range(info.name, "stride", "1 byte to the footprint");
  }
  if (takes(kParamOperations) && !in_range(spec.operations, 1, 1'000'000)) {
    return out_of_range(info.name, "operations", "1 to 1000000");
  }
  if (takes(kParamTouches) && !in_range(spec.touches, 1, 1'000'000)) {
    return out_of_range(info.name, "touches", "1 to 1000000");
  }
  return takes(kParamPhases) ? check_phases(spec, info.name) : Status{};
}

} // namespace

Status check_work_spec(const WorkSpec& spec) {
  if (static_cast<std::uint32_t>(spec.type) >= kWorkTypeCount) {
    return invalid("work type " + std::to_string(static_cast<std::uint32_t>(spec.type)) +
                   " does not exist");
  }
  if (Status status = check_parameters(spec); !status.ok()) {
    return status;
  }
  const std::uint32_t multiple = work_group_size(spec.type, spec.fan_out, spec.contenders);
  if (spec.workers == 0 || spec.workers > kMaxWorkersPerGroup) {
    return invalid("a group of " + std::to_string(spec.workers) + " workers: 1 to " +
                   std::to_string(kMaxWorkersPerGroup) + " are possible");
  }
  if (spec.workers % multiple != 0) {
    return invalid("work type '" + std::string(work_type_info(spec.type).name) +
                   "' takes workers in multiples of " + std::to_string(multiple) + ", not " +
                   std::to_string(spec.workers));
  }
  if (spec.nice < -20 || spec.nice > 19) {
    return invalid("nice " + std::to_string(spec.nice) + " is not in -20..19");
  }
  if (static_cast<std::uint32_t>(spec.policy) > static_cast<std::uint32_t>(SchedClass::kIdle)) {
    return invalid("scheduling class " + std::to_string(static_cast<std::uint32_t>(spec.policy)) +
                   " does not exist");
  }
  return {};
}

} // namespace schedrig

// SPDX-License-Identifier: MIT
#include "plugins/mock/work/workers.hpp"

#include <algorithm>

namespace schedrig::mock {
namespace {

// Stream numbers of Prng, behind those of the engine.
constexpr std::uint64_t kPagesStream = 16;
constexpr std::uint64_t kCpusStream = 17;

Nanos pass_over(const WorkSpec& spec) {
  const std::uint64_t touches = (spec.footprint_bytes + spec.stride_bytes - 1) / spec.stride_bytes;
  return static_cast<Nanos>(touches) *
         (spec.footprint_bytes <= kPrivateCacheBytes ? kCacheTouchNs : kLlcTouchNs);
}

// Three square matrices of doubles fill the footprint.
Nanos matrix_product(const WorkSpec& spec) {
  const std::uint64_t elements = spec.footprint_bytes / (3 * sizeof(double));
  std::uint64_t side = 1;
  while ((side + 1) * (side + 1) <= elements) {
    ++side;
  }
  return std::max<Nanos>(static_cast<Nanos>(side * side * side) / kMultiplyAddsPerNs, 1);
}

} // namespace

Workers::Workers(std::uint64_t seed) : pages_(seed, kPagesStream), cpus_(seed, kCpusStream) {}

void Workers::reseed(std::uint64_t seed) {
  pages_ = Prng(seed, kPagesStream);
  cpus_ = Prng(seed, kCpusStream);
}

void Workers::add_group(std::uint32_t number, const WorkSpec& spec) {
  if (number >= groups_.size()) {
    groups_.resize(number + 1);
  }
  Group& group = groups_[number];
  group = {};
  group.spec = spec;
  group.spec.cpus = {};
  group.phases.assign(spec.phases.begin(), spec.phases.end());
  group.spec.phases = {};
  for (const WorkPhase& phase : group.phases) {
    // kWaitOn's count is a mutex; other counts are small enough to cost nothing here.
    const std::uint32_t most =
        phase.kind == PhaseKind::kWaitOn ? std::max(phase.number, phase.count) : phase.number;
    if (most >= resources_.size()) {
      resources_.resize(most + 1);
    }
  }
  const std::uint32_t params = work_type_info(spec.type).params;
  if ((params & kParamStride) != 0) {
    group.pass_ns = pass_over(spec);
  }
  if ((params & kParamOperations) != 0) {
    group.multiply_ns = matrix_product(spec);
  }
}

void Workers::add(TaskId id, std::uint32_t number, std::uint32_t index) {
  if (id >= workers_.size()) {
    workers_.resize(id + 1);
  }
  Group& group = groups_[number];
  const std::uint32_t size =
      work_group_size(group.spec.type, group.spec.fan_out, group.spec.contenders);
  workers_[id] = {};
  Worker& worker = workers_[id];
  worker.group = number;
  worker.team = index / size;
  worker.member = index % size;
  if (worker.team >= group.teams.size()) {
    group.teams.resize(worker.team + 1);
  }
  group.teams[worker.team].members.push_back(id);
}

void Workers::add_child(TaskId child, TaskId parent) {
  if (child >= workers_.size()) {
    workers_.resize(child + 1);
  }
  workers_[child] = {};
  workers_[child].is_child = true;
  workers_[parent].child = child;
  workers_[parent].child_ended = false;
}

void Workers::leave(TaskId id) {
  Worker& worker = workers_[id];
  worker.waiting = false;
  if (worker.is_child) {
    return;
  }
  Team& team = groups_[worker.group].teams[worker.team];
  if (team.lock_owner == id) {
    team.lock_owner = kNoTask;
  }
  std::erase(team.lock_waiters, id);
  if (groups_[worker.group].spec.type == WorkType::kSequence) {
    for (Resource& resource : resources_) {
      if (resource.owner == id) {
        resource.owner = kNoTask;
      }
      std::erase(resource.lockers, id);
      std::erase(resource.waiters, id);
    }
  }
}

std::uint64_t Workers::iterations(TaskId id, const Task& task) const {
  const Worker& worker = workers_[id];
  const Group& group = groups_[worker.group];
  switch (group.spec.type) {
  case WorkType::kSpin: // a spinner's cycle is its unit
    return static_cast<std::uint64_t>(task.progress / kUnitNs);
  case WorkType::kCachePressure:
    return static_cast<std::uint64_t>(task.progress / group.pass_ns);
  default:
    return worker.iterations;
  }
}

std::uint64_t Workers::working_set_bytes(const WorkSpec& spec) {
  const std::uint32_t params = work_type_info(spec.type).params;
  return (params & (kParamStride | kParamOperations)) != 0 ? spec.footprint_bytes : 0;
}

Action Workers::next_action(TaskId id, const Task& task, Nanos now) noexcept {
  Worker& worker = workers_[id];
  if (task.stop && worker.child != kNoTask) { // as the agent's worker does: it leaves no child
    return {.kind = worker.child_ended ? ActionKind::kReap : ActionKind::kWait};
  }
  if (task.stop || worker.is_child) {
    leave(id);
    return {.kind = ActionKind::kExit};
  }
  Group& group = groups_[worker.group];
  const WorkSpec& spec = group.spec;
  Team& team = group.teams[worker.team];
  const Nanos burst_ns = units_ns(spec.burst_iterations);
  switch (spec.type) {
  case WorkType::kSpin:
  case WorkType::kCachePressure:
    return compute(kNever);
  case WorkType::kYield:
    return next_yield(worker, kUnitNs);
  case WorkType::kMixed:
    return next_yield(worker, burst_ns);
  case WorkType::kCacheYield:
    return next_yield(worker, group.pass_ns);
  case WorkType::kBursty:
  case WorkType::kIdleChurn:
    return next_burst(worker, spec);
  case WorkType::kIoSync:
    return next_io(worker, spec);
  case WorkType::kSequence:
    return next_in_sequence(id, worker, group, now);
  case WorkType::kPipeIo:
    return next_exchange(worker, team, burst_ns, true);
  case WorkType::kFutexPingPong:
    return next_exchange(worker, team, burst_ns, false);
  case WorkType::kCachePipe:
    return next_exchange(worker, team, spec.burst_iterations * group.pass_ns, true);
  case WorkType::kFutexFanOut:
    return worker.member == 0 ? next_broadcast(worker, team, burst_ns, 0)
                              : next_received(worker, team, burst_ns);
  case WorkType::kFanOutCompute:
    return worker.member == 0 ? next_broadcast(worker, team, 0, spec.sleep_ns)
                              : next_received(worker, team, spec.operations * group.multiply_ns);
  case WorkType::kMutexContention:
    return next_locked(id, worker, team, spec);
  case WorkType::kPageFaultChurn:
    return next_faults(worker, spec);
  case WorkType::kForkExit:
    return next_fork(worker);
  case WorkType::kNiceSweep:
    return next_nice(worker, spec);
  case WorkType::kPolicyChurn:
    return next_policy(worker, spec);
  case WorkType::kAffinityChurn:
    return next_affinity(worker, spec, task.cpuset);
  }
  return {.kind = ActionKind::kExit};
}

} // namespace schedrig::mock

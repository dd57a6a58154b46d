// SPDX-License-Identifier: MIT
// CPUs that stand still while the machine runs on: what would happen on one of them happens when it
// goes on, its task does nothing meanwhile and its queue stays as it is. To the guest that is
// stolen time.
#include <algorithm>

#include "plugins/mock/sim/engine.hpp"

namespace schedrig::mock {

void Engine::stop_cpu(CpuId id, Nanos until) {
  CpuStandstill& state = standstills_[id];
  state.commanded = true;
  ++state.generation;
  if (until < kNever) {
    events_.push(std::max(until, now_), SimEventKind::kResume, id, state.generation);
  }
  share_physical_cpus();
  stand_or_go(id);
}

void Engine::resume_cpu(CpuId id) {
  standstills_[id].commanded = false;
  ++standstills_[id].generation;
  share_physical_cpus();
  stand_or_go(id);
}

void Engine::pin_cpu(CpuId id, CpuId physical) {
  unpin_cpu(id);
  standstills_[id].pinned_to = physical;
  auto shared = std::ranges::find(shared_, physical, &SharedCpu::physical);
  if (shared == shared_.end()) {
    shared_.push_back({.physical = physical, .vcpus = {}});
    shared = std::prev(shared_.end());
  }
  shared->vcpus.insert(std::ranges::lower_bound(shared->vcpus, id), id);
  share_physical_cpus();
}

void Engine::unpin_cpu(CpuId id) {
  for (SharedCpu& shared : shared_) {
    std::erase(shared.vcpus, id);
  }
  standstills_[id].pinned_to = kNoCpu;
  standstills_[id].waits_for_turn = false;
  share_physical_cpus();
  stand_or_go(id);
}

void Engine::yield_cpu(CpuId id) {
  for (SharedCpu& shared : shared_) {
    if (shared.turn == id) {
      next_turn(shared);
    }
  }
  share_physical_cpus();
}

Nanos Engine::stolen_ns(CpuId id) const {
  const CpuStandstill& state = standstills_[id];
  return state.stolen + (state.stands ? now_ - state.since : 0);
}

void Engine::on_resume(CpuId id, std::uint32_t generation) {
  if (standstills_[id].generation == generation) {
    resume_cpu(id);
  }
}

void Engine::on_physical_slice(CpuId physical) {
  const auto shared = std::ranges::find(shared_, physical, &SharedCpu::physical);
  shared->slice_armed = false;
  next_turn(*shared);
}

// Whether the event waits until its CPU goes on.
bool Engine::hold_back(const SimEvent& event) {
  CpuId cpu = kNoCpu;
  if (event.kind() == SimEventKind::kStep || event.kind() == SimEventKind::kResched) {
    cpu = event.target;
  } else if (event.kind() == SimEventKind::kTimer) {
    cpu = static_cast<CpuId>(tasks_[event.target].sim.cpu); // where it went to sleep
  }
  if (cpu >= cpus() || !stands(cpu)) {
    return false;
  }
  held_events_.push_back(event);
  return true;
}

void Engine::stand_or_go(CpuId id) {
  CpuStandstill& state = standstills_[id];
  const bool stand = state.commanded || state.waits_for_turn;
  if (stand == state.stands) {
    return;
  }
  if (stand) {
    stand_still(id);
  } else {
    go_on(id);
  }
}

void Engine::stand_still(CpuId id) {
  Cpu& cpu = cpus_[id];
  CpuStandstill& state = standstills_[id];
  charge(id);
  if (cpu.curr == kNoTask) {
    cpu.idle_total += now_ - cpu.idle_since;
  }
  state.since = now_;
  state.overhead_left = std::max<Nanos>(cpu.work_start - now_, 0);
  state.stands = true;
  ++standing_;
}

void Engine::go_on(CpuId id) {
  Cpu& cpu = cpus_[id];
  CpuStandstill& state = standstills_[id];
  state.stands = false;
  --standing_;
  state.stolen += now_ - state.since;
  cpu.exec_start = now_;
  cpu.idle_since = now_;
  cpu.progress_at = now_; // its watchdogs forgive stolen time
  if (cpu.callback_until > state.since) {
    cpu.callback_until += now_ - state.since;
  }
  if (cpu.curr != kNoTask) {
    Task& task = tasks_[cpu.curr];
    cpu.work_start = now_ + state.overhead_left;
    if (task.wait == Wait::kNone && !task.freeze) {
      task.gap_from = std::min(task.gap_from, state.since);
      record_gap(task, cpu.work_start, id);
    }
    arm_tick(id);
    arm_step(id);
  }
  std::vector<SimEvent> others;
  for (const SimEvent& event : held_events_) {
    const bool of_timer = event.kind() == SimEventKind::kTimer;
    const auto on = of_timer ? static_cast<CpuId>(tasks_[event.target].sim.cpu) : event.target;
    if (on == id || (of_timer && !(on < cpus() && stands(on)))) {
      events_.push(now_, event.kind(), event.target, event.generation);
    } else {
      others.push_back(event);
    }
  }
  held_events_ = std::move(others);
}

// Those that are pinned to one physical CPU: at most one of them is in a task and runs.
void Engine::share_physical_cpus() {
  const auto wants = [this](CpuId id) {
    return !standstills_[id].commanded && cpus_[id].curr != kNoTask;
  };
  for (SharedCpu& shared : shared_) {
    const auto waiting = std::ranges::count_if(shared.vcpus, wants);
    const bool known = std::ranges::find(shared.vcpus, shared.turn) != shared.vcpus.end();
    if (!known || !wants(shared.turn)) {
      next_turn(shared);
    }
    for (const CpuId id : shared.vcpus) {
      standstills_[id].waits_for_turn = waiting > 1 && wants(id) && id != shared.turn;
      stand_or_go(id);
    }
    if (waiting > 1 && !shared.slice_armed) {
      shared.slice_armed = true;
      events_.push(now_ + kPhysicalSliceNs, SimEventKind::kPhysicalSlice, shared.physical, 0);
    }
  }
}

// The next one behind it that has something to do, if there is one.
void Engine::next_turn(SharedCpu& shared) {
  const auto behind = std::ranges::upper_bound(shared.vcpus, shared.turn);
  const auto first = static_cast<std::size_t>(behind - shared.vcpus.begin());
  for (std::size_t i = 0; i < shared.vcpus.size(); ++i) {
    const CpuId id = shared.vcpus[(first + i) % shared.vcpus.size()];
    if (!standstills_[id].commanded && cpus_[id].curr != kNoTask) {
      shared.turn = id;
      return;
    }
  }
}

} // namespace schedrig::mock

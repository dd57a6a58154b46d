// SPDX-License-Identifier: MIT
#include "plugins/mock/sim/engine.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace schedrig::mock {
namespace {

// Stream numbers of Prng: fixed, so that a new subsystem does not shift the others.
constexpr std::uint64_t kTimerSlackStream = 1;
constexpr std::uint64_t kWakeupSampleStream = 2;

} // namespace

EngineState::EngineState(std::uint64_t seed)
    : timer_slack_(seed, kTimerSlackStream), wakeup_sample_(seed, kWakeupSampleStream) {}

Engine::Engine(const TopologyView& topology, std::uint64_t seed, Behaviour& behaviour,
               EngineListener& listener)
    : EngineState(seed), behaviour_(behaviour), listener_(listener) {
  for (const CpuPlace& place : cpu_places(topology)) {
    Cpu cpu;
    cpu.place = place;
    cpu.idle_reported = true;
    cpus_.push_back(cpu);
    standstills_.emplace_back();
    idle_.set(place.cpu);
  }
  for (CpuId cpu = 0; cpu < cpus(); ++cpu) {
    dsqs_.push_back({.id = kDsqLocalOn | cpu, .by_vtime = {}});
  }
  for (std::size_t node = 0; node < topology.nodes.size(); ++node) {
    dsqs_.push_back({.id = kDsqGlobal, .by_vtime = {}});
  }
  first_user_dsq_ = static_cast<std::uint32_t>(dsqs_.size());
  inserts_.reserve(kDispatchMaxBatch);
}

void Engine::restore(const EngineState& state) {
  static_cast<EngineState&>(*this) = state;
  policy_ = fallback_;
}

void Engine::reseed(std::uint64_t seed) {
  timer_slack_ = Prng(seed, kTimerSlackStream);
  wakeup_sample_ = Prng(seed, kWakeupSampleStream);
}

bool Engine::run_until(Nanos deadline, const std::atomic<bool>& wake) {
  while (!wake.load(std::memory_order_relaxed)) {
    if (events_.empty() || events_.top().at > deadline) {
      now_ = std::max(now_, deadline);
      return true;
    }
    const SimEvent event = events_.pop();
    now_ = event.at;
    if (standing_ != 0 && hold_back(event)) {
      continue;
    }
    ++stats_.events;
    in_event_ = true;
    handle(event);
    in_event_ = false;
    finish_context();
    if (!shared_.empty()) {
      share_physical_cpus();
    }
    if (tells_events_) {
      listener_.on_event_done();
    }
  }
  return false;
}

void Engine::handle(const SimEvent& event) {
  switch (event.kind()) {
  case SimEventKind::kTick:
    on_ticks();
    break;
  case SimEventKind::kStep:
    if (cpus_[event.target].step_generation == event.generation) {
      context_cpu_ = event.target;
      on_step(event.target);
    }
    break;
  case SimEventKind::kResched:
    on_resched(event.target);
    break;
  case SimEventKind::kTimer: {
    Task& task = tasks_[event.target];
    if (task.timer_generation == event.generation && task.state == TaskState::kSleeping &&
        task.wait == Wait::kTimer) {
      // The timer's interrupt comes on the CPU where the task went to sleep.
      context_cpu_ = static_cast<CpuId>(task.sim.cpu);
      task.wait = Wait::kNone;
      wake(event.target, kWakeTtwu, kEnqWakeup);
    }
    break;
  }
  case SimEventKind::kPeriod:
    on_period(event.target, event.generation);
    break;
  case SimEventKind::kWatchdog:
    on_watchdog(event.generation);
    break;
  case SimEventKind::kPolicyTimer:
    on_policy_timer(event.generation);
    break;
  case SimEventKind::kResume:
    on_resume(event.target, event.generation);
    break;
  case SimEventKind::kPhysicalSlice:
    on_physical_slice(event.target);
    break;
  }
}

// The way back from an interrupt: reschedule if asked for, then drop a policy that broke a rule.
void Engine::finish_context() {
  const CpuId cpu = context_cpu_;
  if (cpu != kNoCpu && cpus_[cpu].need_resched) {
    schedule(cpu);
  }
  if (cpu != kNoCpu && cpus_[cpu].callback_ns != 0) {
    spend_callback_time(cpu);
  }
  context_cpu_ = kNoCpu;
  if (failed_) {
    eject();
  }
}

// At the end of a call from outside. A listener's call is part of the event that it was told of.
void Engine::finish_call() {
  if (!in_event_) {
    finish_context();
  }
}

void Engine::on_resched(CpuId id) {
  Cpu& cpu = cpus_[id];
  if (now_ < cpu.switch_end) {
    events_.push(cpu.switch_end, SimEventKind::kResched, id, 0);
    return;
  }
  context_cpu_ = id;
  cpu.resched_sent = false;
  cpu.need_resched = true;
  if (cpu.preempt && cpu.curr != kNoTask) {
    charge(id);
    tasks_[cpu.curr].sim.slice_ns = 0;
  }
  cpu.preempt = false;
}

// Ticks come at the same instants on all CPUs, as without skew_tick: one event, each CPU an
// interrupt of its own.
void Engine::on_ticks() {
  const CpuMask due = std::exchange(ticking_, {});
  tick_armed_ = false;
  --stats_.events;
  for (std::uint32_t i = 0; i < CpuMask::kWords; ++i) {
    for (std::uint64_t word = due.words[i]; word != 0; word &= word - 1) {
      context_cpu_ = (i * 64) + static_cast<CpuId>(std::countr_zero(word));
      ++stats_.events;
      on_tick(context_cpu_);
      finish_context();
    }
  }
}

void Engine::on_tick(CpuId id) {
  Cpu& cpu = cpus_[id];
  if (cpu.curr == kNoTask || stands(id)) {
    return; // NO_HZ: the next task arms it again; so does going on
  }
  ++stats_.ticks;
  charge(id);
  if (now_ - cpu.progress_at > kSoftLockupNs && policy_ != fallback_) {
    fail_policy(kExitError,
                "soft lockup - CPU " + std::to_string(id) + " stuck for " +
                    std::to_string((now_ - cpu.progress_at) / 1'000'000'000) + "s",
                "a callback takes too long on that CPU, or kicks it again and again: bound its "
                "loops and kick only when there is something to run",
                cpu.curr);
    cpu.progress_at = now_;
  }
  if (now_ < cpu.callback_until) {
    arm_tick(id);
    return;
  }
  cpu.work_start = std::max(cpu.work_start, now_) + kTickCostNs;
  Task& curr = tasks_[cpu.curr];
  call_policy("tick", {Where::kOther, cpu.curr, id}, [&] { policy_->tick(curr.sim); });
  if (curr.sim.slice_ns == 0) {
    cpu.need_resched = true;
  }
  arm_tick(id);
}

// check_rq_for_timeouts(): every runnable task that waits must have become so recently enough.
void Engine::on_watchdog(std::uint32_t generation) {
  if (generation != policy_generation_ || policy_ == fallback_) {
    return;
  }
  const Nanos timeout = ops_.timeout_ns;
  for (TaskId id = 0; id < tasks_.size(); ++id) {
    const Task& task = tasks_[id];
    if (task.state != TaskState::kRunnable || now_ - task.runnable_at <= timeout) {
      continue;
    }
    const Nanos waited_ms = (now_ - task.runnable_at) / 1'000'000;
    std::string ms = std::to_string(waited_ms % 1000);
    ms.insert(0, 3 - ms.size(), '0');
    fail_policy(kExitErrorStall,
                describe(task) + " failed to run for " + std::to_string(waited_ms / 1000) + "." +
                    ms + "s",
                task.holder == Holder::kPolicy
                    ? "no DSQ holds the task: every task that on_enqueue is given must be inserted "
                      "into a DSQ, by it or by a later on_dispatch"
                    : "the task waits in " + dsq_name(dsqs_[task.dsq].id) +
                          ": on_dispatch of every CPU that it may use must move tasks from there",
                task.sim.index);
    return;
  }
  events_.push(now_ + (timeout / 2), SimEventKind::kWatchdog, 0, policy_generation_);
}

Nanos Engine::idle_ns(CpuId id) const {
  const Cpu& cpu = cpus_[id];
  return cpu.idle_total + (cpu.curr == kNoTask && !stands(id) ? now_ - cpu.idle_since : 0);
}

const Task& Engine::task(TaskId id) {
  const Task& task = tasks_[id];
  if (task.state == TaskState::kRunning) {
    charge(static_cast<CpuId>(task.sim.cpu));
  }
  return task;
}

} // namespace schedrig::mock

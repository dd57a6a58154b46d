// SPDX-License-Identifier: MIT
#include "plugins/mock/backend/machine.hpp"

#include <string>
#include <utility>

#include <schedrig/export.hpp>

namespace schedrig::mock {
namespace {

constexpr std::string_view kRelease = "mock-" SCHEDRIG_VERSION;

// A simulated machine has no caches, and so nothing that a type could change.
std::vector<std::pair<std::string, std::string>> memory_facts(const MachineSpec& spec) {
  std::vector<std::pair<std::string, std::string>> facts;
  facts.reserve(spec.regions.size());
  for (const MemoryRegion& region : spec.regions) {
    facts.emplace_back("memory." + std::string(region.name) + ".cache",
                       region.cache == MemoryCache::kCoherent ? "not requested"
                                                              : "dropped: no capability");
  }
  return facts;
}

} // namespace

MockMachine::MockMachine(const MachineSpec& spec, EventSink& events, Programs programs,
                         Faults faults, const MachineState* origin)
    : events_(events), fields_(machine_fields(spec)), description_(to_string(spec.topology)),
      memory_bytes_(spec.memory_bytes), memory_facts_(memory_facts(spec)), seed_(spec.seed),
      origin_(origin), faults_(std::move(faults)), faults_at_boot_(faults_), workers_(spec.seed),
      payloads_(*this, std::move(programs)), behaviour_(workers_, payloads_.tasks()),
      engine_(spec.topology, spec.seed, behaviour_, *this), processes_(engine_.cpus()),
      cgroups_(engine_, processes_, static_cast<std::uint32_t>(spec.topology.nodes.size())),
      cgroup_files_(cgroups_), proc_files_(engine_, processes_, cgroups_, std::string(kRelease)),
      sys_files_(spec.topology), sched_ext_files_(sched_ext_, engine_),
      kernel_(*this, GuestKernel(memory_bytes_, kernel_options(spec.params), spec.seed)),
      watch_(*this), stop_watch_(*this), ring_(param_integer(spec.params, "ring.enabled", 0) != 0) {
  vfs_.mount("/proc", proc_files_);
  vfs_.mount("/sys", sys_files_);
  vfs_.mount("/sys/fs/cgroup", cgroup_files_);
  vfs_.mount("/sys/kernel/sched_ext", sched_ext_files_);
  watchdog_limit_ns_ = param_integer(spec.params, "watchdog", 0);
  engine_.set_fallback(fallback_);
  static_cast<void>(engine_.attach(fallback_, "fallback")); // its init cannot fail
  if (origin_ != nullptr) {
    restore(*origin_, seed_);
  }
}

MockMachine::~MockMachine() {
  drop_policy();
}

void* MockMachine::query(std::string_view interface_id) noexcept {
  if (interface_id == FilesFacet::kInterfaceId) {
    return static_cast<FilesFacet*>(this);
  }
  if (interface_id == TasksFacet::kInterfaceId) {
    return static_cast<TasksFacet*>(this);
  }
  if (interface_id == PayloadsFacet::kInterfaceId) {
    return static_cast<PayloadsFacet*>(&payloads_);
  }
  if (interface_id == AffinityFacet::kInterfaceId) {
    return static_cast<AffinityFacet*>(this);
  }
  if (interface_id == MemPolicyFacet::kInterfaceId) {
    return static_cast<MemPolicyFacet*>(this);
  }
  if (interface_id == SchedulersFacet::kInterfaceId) {
    return static_cast<SchedulersFacet*>(this);
  }
  if (interface_id == ActivityFacet::kInterfaceId) {
    return static_cast<ActivityFacet*>(this);
  }
  if (interface_id == CpuUseFacet::kInterfaceId) {
    return static_cast<CpuUseFacet*>(this);
  }
  if (interface_id == FreezeFacet::kInterfaceId) {
    return static_cast<FreezeFacet*>(this);
  }
  if (interface_id == MemoryFacet::kInterfaceId) {
    return static_cast<MemoryFacet*>(&kernel_);
  }
  if (interface_id == VcpusFacet::kInterfaceId) {
    return static_cast<VcpusFacet*>(&kernel_);
  }
  if (interface_id == VcpuControlFacet::kInterfaceId) {
    return static_cast<VcpuControlFacet*>(this);
  }
  if (interface_id == BpfMapsFacet::kInterfaceId) {
    return static_cast<BpfMapsFacet*>(&kernel_);
  }
  if (interface_id == WatchFacet::kInterfaceId) {
    return static_cast<WatchFacet*>(&watch_);
  }
  if (interface_id == StopWatchFacet::kInterfaceId) {
    return static_cast<StopWatchFacet*>(&stop_watch_);
  }
  if (interface_id == RingFacet::kInterfaceId) {
    return ring_.enabled() ? static_cast<RingFacet*>(&ring_) : nullptr;
  }
  if (interface_id == KernelFacet::kInterfaceId) {
    return static_cast<KernelFacet*>(&kernel_);
  }
  return nullptr;
}

Status MockMachine::boot(std::int64_t /*timeout_ns*/) noexcept {
  if (state_ != State::kCreated) {
    return Status::make(StatusCode::kInvalidArgument, "the machine was booted before");
  }
  if (interrupted_.exchange(false)) {
    rearm_wake();
    return Status::make(StatusCode::kInterrupted, "interrupted");
  }
  state_ = State::kUp;
  emit(EventKind::kBootPhase, 0, "ready"); // nothing is simulated before it
  event_pending_ = false;
  rearm_wake();
  return {};
}

std::int64_t MockMachine::now_ns() noexcept {
  return clock_.load(std::memory_order_relaxed);
}

Status MockMachine::wait_until(std::int64_t deadline_ns, WakeReason* reason) noexcept {
  return guard("wait_until", [&]() -> Status {
    if (Status status = check_up("wait_until"); !status.ok()) {
      return status;
    }
    if (frozen_) {
      return Status::make(StatusCode::kInvalidArgument, "wait_until: the CPUs stand still");
    }
    *reason = WakeReason::kDeadline;
    // One second of the machine's time per round: other threads see the clock move.
    constexpr Nanos kRound = 1'000'000'000;
    awaited_ended_ = false;
    event_pending_ = event_pending_ || ring_.rung();
    while (!interrupted_ && !event_pending_ && !awaited_ended_ && clock() < deadline_ns) {
      const Nanos until = std::min(deadline_ns, clock() + kRound);
      run_engine(engine_time(until), wake_);
      clock_ = clock();
    }
    if (event_pending_) {
      *reason = WakeReason::kEvent;
    }
    if (interrupted_.exchange(false)) {
      *reason = WakeReason::kInterrupted;
    } else {
      event_pending_ = false;
    }
    rearm_wake();
    return {};
  });
}

// The event loop goes on unless there is something to leave it for. Clears first: an interrupt
// that comes in between sets both flags after that.
void MockMachine::rearm_wake() {
  wake_ = false;
  if (interrupted_ || event_pending_) {
    wake_ = true;
  }
}

void MockMachine::interrupt() noexcept {
  interrupted_ = true;
  wake_ = true;
}

Status MockMachine::shut_down(std::int64_t /*timeout_ns*/) noexcept {
  return guard("shut_down", [&] {
    if (state_ == State::kUp || state_ == State::kLost) {
      // First, so that no policy can keep a task from dying.
      detach_all();
    }
    for (CpuId cpu = 0; cpu < engine_.cpus(); ++cpu) {
      engine_.resume_cpu(cpu); // what is to die there has to run
      engine_.unpin_cpu(cpu);
    }
    for (Group& group : groups_) {
      discard(group);
    }
    payloads_.discard_all();
    state_ = State::kDown;
  });
}

void MockMachine::describe(FactSink& sink) noexcept {
  static_cast<void>(guard("describe", [&] {
    const EngineStats& stats = engine_.stats();
    const auto number = [&sink](std::string_view key, auto value) {
      sink.on_fact(key, std::to_string(value));
    };
    sink.on_fact("kernel.release", kRelease);
    sink.on_fact("machine.topology", description_);
    number("machine.cpus", engine_.cpus());
    number("machine.memory_bytes", memory_bytes_);
    for (const auto& [key, outcome] : memory_facts_) {
      sink.on_fact(key, outcome);
    }
    sink.on_fact("scheduler.attached", !attached_.id.empty() ? attached_.id
                                       : policy_ != nullptr  ? default_.id
                                                             : std::string("none"));
    number("sim.clock_ns", clock());
    number("sim.events", stats.events);
    number("sim.context_switches", stats.context_switches);
    number("sim.wakeups", stats.wakeups);
    number("sim.migrations", stats.migrations);
    number("sim.ticks", stats.ticks);
    number("sim.yields", stats.yields);
    number("sim.sleeps", stats.sleeps);
    number("sim.tokens", stats.tokens);
    number("sim.sync_wakeups", stats.sync_wakeups);
    number("sim.waits", stats.waits);
    number("sim.lock_waits", workers_.stats().lock_waits);
    number("sim.forks", stats.forks);
    number("sim.forks_refused", workers_.stats().forks_refused);
    number("sim.minor_faults", workers_.stats().minor_faults);
    number("sim.cache_lines_refilled", stats.cache_lines_refilled);
    number("sim.bytes_written", workers_.stats().bytes_written);
    number("sim.nice_changes", stats.nice_changes);
    number("sim.affinity_changes", stats.affinity_changes);
    number("sim.policy_changes", stats.policy_changes);
    number("sim.dispatch_ignored", stats.dispatch_ignored);
    number("sim.select_cpu_fallback", stats.select_cpu_fallback);
    number("sim.ejections", stats.ejections);
    Nanos idle = 0;
    for (CpuId cpu = 0; cpu < engine_.cpus(); ++cpu) {
      idle += engine_.idle_ns(cpu);
    }
    number("sim.idle_ns", idle);
  }));
}

Status MockMachine::check_up(std::string_view what) {
  kernel_.outdate();
  return check_state(what);
}

Status MockMachine::check_state(std::string_view what) const {
  if (state_ == State::kUp) {
    return {};
  }
  if (state_ == State::kLost) {
    return Status::make(StatusCode::kGuestFailed,
                        std::string(what) + ": the machine no longer answers");
  }
  return Status::make(StatusCode::kInvalidArgument,
                      std::string(what) + ": the machine is not running",
                      state_ == State::kCreated ? "call boot first" : "it was shut down");
}

void MockMachine::emit(EventKind kind, std::int64_t value, std::string_view text,
                       const SchedulerExit* exit) {
  const Event event{.kind = kind, .at_ns = clock(), .value = value, .text = text, .exit = exit};
  events_.on_event(event);
  event_pending_ = true;
  wake_ = true;
}

void MockMachine::advance(Nanos ns) {
  static const std::atomic<bool> kNeverSet{false};
  run_engine(engine_.now() + ns, kNeverSet);
  clock_ = clock();
}

Nanos MockMachine::engine_time(Nanos on_clock) const {
  return on_clock > kNever ? kNever : booted_at_ + on_clock;
}

} // namespace schedrig::mock

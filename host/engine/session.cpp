// SPDX-License-Identifier: MIT
#include "host/engine/session.hpp"

#include <algorithm>

#include "host/engine/cpuset.hpp"
#include "host/engine/guest_requests.hpp"
#include "host/engine/ring_requests.hpp"
#include "host/engine/sched_commands.hpp"

namespace schedrig::engine {
namespace {

// A program that takes completions looks every 50 us (ring.h); on a loaded machine less often.
constexpr std::int64_t kRingRoomNs = 1'000'000;

SchedulerEvent exit_event(const Event& event) {
  SchedulerEvent exit;
  exit.kind = SchedulerEventKind::kExit;
  exit.at_ns = event.at_ns;
  exit.exit_kind = event.value;
  exit.text = event.text;
  exit.reason = exit_kind_info(event.value).reason;
  if (event.exit == nullptr) {
    exit.message = event.text;
    return exit;
  }
  const SchedulerExit& more = *event.exit;
  exit.scheduler = more.scheduler;
  exit.exit_code = more.code;
  exit.reason = more.reason;
  exit.message = more.message;
  exit.help = more.help;
  exit.pid = more.pid;
  exit.task = more.task;
  exit.runnable_since_ns = more.runnable_since_ns;
  exit.log = more.log;
  exit.dump = more.dump;
  return exit;
}

} // namespace

void EventCollector::on_event(const Event& event) noexcept {
  if (event.kind == EventKind::kMachineFailed && !machine_failure_) {
    machine_failure_ =
        Error{StatusCode::kGuestFailed, "the machine failed: " + std::string(event.text),
              "run with -v to see its console", 0};
  } else if (event.kind == EventKind::kSchedulerExit) {
    exits_.push_back(exit_event(event));
  }
  observer_.on_machine_event(event);
  if (event.kind == EventKind::kConsoleLine) {
    on_console_line(event);
  }
}

void EventCollector::on_console_line(const Event& event) {
  const auto complaint = kernel_log_.feed(event.at_ns, event.text);
  if (!complaint) {
    return;
  }
  observer_.on_kernel_complaint(*complaint);
  if (judge_kernel_log_ && ends_a_run(complaint->kind) && !kernel_failure_) {
    kernel_failure_ =
        Error{StatusCode::kGuestFailed,
              "the kernel: " + std::string(to_string(complaint->kind)) + ": " + complaint->text,
              "the report's kernel_log has what came of it after that; -v shows the console", 0};
  }
}

void Session::note_freeze_window(FreezeWindowRecord window) {
  if (freeze_windows_ != nullptr) {
    window.id = static_cast<std::uint32_t>(freeze_windows_->size() + 1);
    freeze_windows_->push_back(std::move(window));
  }
}

Error cancellation_error(CancelReason reason) {
  if (reason == CancelReason::kDeadline) {
    return {StatusCode::kTimeout, "the run's deadline passed",
            "raise [run] deadline, or shorten the scenario", 0};
  }
  return {StatusCode::kInterrupted, "interrupted", "", 0};
}

Session::Session(Machine& machine, FilesFacet& files, TasksFacet& tasks,
                 const TopologyView& topology, const EventCollector& events,
                 const Cancellation& cancellation)
    : machine_(machine), files_(files), tasks_(tasks), payloads_(query<PayloadsFacet>(machine)),
      topology_(topology), events_(events), cancellation_(cancellation) {
  if (auto* const ring = query<RingFacet>(machine);
      ring != nullptr && ring->region().size() == SCHEDRIG_RING_REGION_BYTES) {
    ring_.emplace(*ring);
  }
  if (auto* const control = query<VcpuControlFacet>(machine); control != nullptr) {
    commands_ = std::make_unique<SchedCommands>(*control, cpu_count(topology));
  }
}

Session::~Session() = default;

Result<> Session::check() {
  if (const auto& kernel = events_.kernel_failure(); kernel && !tearing_down_) {
    return std::unexpected(*kernel);
  }
  if (const auto& machine = events_.machine_failure()) {
    return std::unexpected(*machine);
  }
  if (tearing_down_) {
    return {};
  }
  if (is_shut_down()) {
    return std::unexpected(commands_->shutdown_error());
  }
  if (schedulers_ != nullptr) {
    TRY(schedulers_->look());
  }
  if (cancellation_.requested()) {
    return std::unexpected(cancellation_error(cancellation_.reason()));
  }
  return {};
}

bool Session::is_shut_down() const {
  return commands_ && commands_->is_shut_down();
}

Result<> Session::pause_commands() {
  commands_paused_ = true;
  return commands_ ? commands_->release(now_ns()) : Result<>();
}

// A ring that waits for room is looked at again: no doorbell says when its program has made some.
std::int64_t Session::wait_end(std::int64_t until_ns) {
  if (commands_ && !commands_paused_) {
    until_ns = std::min(until_ns, commands_->next_deadline_ns());
  }
  return ring_ && ring_->stalled() ? std::min(until_ns, now_ns() + kRingRoomNs) : until_ns;
}

Result<> Session::wait_once(std::int64_t until_ns) {
  WakeReason reason = WakeReason::kDeadline;
  const std::int64_t end_ns = wait_end(until_ns);
  if (auto waited = from_status(machine_.wait_until(end_ns, &reason)); !waited) {
    note_failure(waited.error());
    TRY(check()); // an event says more than the status
    return waited;
  }
  return after_wait();
}

Result<> Session::after_wait() {
  if (commands_ && !commands_paused_) {
    TRY(commands_->time_passes(now_ns()));
  }
  TRY(check());
  serve_ring(*this);
  auto answered = answer_guest_requests(*this);
  if (!answered) {
    note_failure(answered.error());
    return answered;
  }
  return is_shut_down() ? check() : Result<>(); // by a program
}

Result<> Session::check_alive() {
  TRY(check());
  return wait_once(machine_.now_ns());
}

Result<> Session::wait_until(std::int64_t until_ns) {
  const std::int64_t end = tearing_down_ ? until_ns : std::min(until_ns, deadline_ns_);
  TRY(check());
  while (machine_.now_ns() < end) {
    TRY(wait_once(end));
  }
  if (end < until_ns) {
    return std::unexpected(cancellation_error(CancelReason::kDeadline));
  }
  return {};
}

void Session::note_failure(const Error& error) {
  lost_ = lost_ || error.code == StatusCode::kGuestFailed || error.code == StatusCode::kTimeout;
}

Result<bool> Session::wait_payload(std::uint32_t payload, std::int64_t until_ns) {
  const std::int64_t end = tearing_down_ ? until_ns : std::min(until_ns, deadline_ns_);
  TRY(check());
  do {
    PayloadWake why = PayloadWake::kDeadline;
    if (auto waited = from_status(payloads_->wait(payload, wait_end(end), &why)); !waited) {
      note_failure(waited.error());
      TRY(check());
      return std::unexpected(std::move(waited).error());
    }
    TRY(after_wait());
    if (why == PayloadWake::kExited) {
      return true;
    }
  } while (machine_.now_ns() < end);
  if (end < until_ns) {
    return std::unexpected(cancellation_error(CancelReason::kDeadline));
  }
  return false;
}

Result<> Session::read_online_cpus() {
  const std::string text = TRY(files_.read("/sys/devices/system/cpu/online"));
  online_ = TRY(parse_cpulist(text));
  const std::uint32_t asked = cpu_count(topology_);
  if (online_.size() != asked) {
    return fail(StatusCode::kGuestFailed,
                "the machine has " + std::to_string(online_.size()) + " CPUs online (" +
                    to_cpulist(online_) + "), the scenario asked for " + std::to_string(asked),
                "run with -v and look at the kernel's messages about CPUs");
  }
  return {};
}

} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
#include "sched_waits.hpp"

#include <algorithm>
#include <cerrno>

namespace schedrig {
namespace {

bool polls(const SchedVcpu& vcpu, std::uint32_t port) {
  return std::ranges::find(vcpu.polled_ports, port) != vcpu.polled_ports.end();
}

void end_wait(SchedVcpu& vcpu) {
  vcpu.wait = VcpuWait::kNone;
  vcpu.polled_ports.clear();
  vcpu.poll_until_ns = 0;
}

bool is_event_for(const SchedMachine& machine, std::uint32_t vcpu, std::uint32_t port,
                  std::uint32_t notifies) {
  const SchedVcpu& state = machine.vcpus[vcpu];
  return (notifies == vcpu && state.events_enabled) || polls(state, port);
}

bool is_over(const SchedMachine& machine, std::uint32_t vcpu, std::uint64_t now_ns) {
  const SchedVcpu& state = machine.vcpus[vcpu];
  return state.wait == VcpuWait::kPolling && state.poll_until_ns != 0 &&
         state.poll_until_ns <= now_ns;
}

} // namespace

namespace sched {

bool consume_events(SchedMachine& machine, std::uint32_t vcpu) {
  return std::erase_if(machine.pending_ports, [&](const auto& event) {
           return is_event_for(machine, vcpu, event.first, event.second);
         }) != 0;
}

bool ends_poll(const SchedMachine& machine, std::uint32_t vcpu) {
  return std::ranges::any_of(machine.pending_ports, [&](const auto& event) {
    return is_event_for(machine, vcpu, event.first, event.second);
  });
}

void latch_shutdown_code(SchedMachine& machine, std::uint32_t reason) {
  if (!machine.shutdown_code) {
    machine.shutdown_code = static_cast<std::uint8_t>(reason & 0xffU);
  }
}

void shut_down(SchedMachine& machine, std::uint32_t reason) {
  if (machine.shut_down) {
    return;
  }
  latch_shutdown_code(machine, reason);
  machine.shut_down = true;
  machine.watchdogs = {};
  std::ranges::for_each(machine.vcpus, end_wait);
}

} // namespace sched

std::vector<SchedWake> raise_event(SchedMachines& machines, std::uint16_t domain,
                                   std::uint32_t vcpu, std::uint32_t port, int* error) {
  *error = 0;
  if (domain >= machines.size() || vcpu >= machines[domain].vcpus.size() || port >= kEventPorts) {
    *error = -EINVAL;
    return {};
  }
  SchedMachine& machine = machines[domain];
  machine.pending_ports.try_emplace(port, vcpu);
  std::vector<SchedWake> woken;
  for (std::uint32_t i = 0; i < machine.vcpus.size(); ++i) {
    SchedVcpu& waiter = machine.vcpus[i];
    const bool waits = waiter.wait == VcpuWait::kBlocked || waiter.wait == VcpuWait::kPolling;
    if (waits && is_event_for(machine, i, port, vcpu)) {
      woken.push_back({domain, i, 0});
    }
  }
  // All have seen it before any takes it away.
  for (const SchedWake& wake : woken) {
    sched::consume_events(machine, wake.vcpu);
    end_wait(machine.vcpus[wake.vcpu]);
  }
  return woken;
}

std::vector<SchedWake> sched_time_passes(SchedMachines& machines, std::uint64_t now_ns) {
  std::vector<SchedWake> woken;
  for (std::size_t domain = 0; domain < machines.size(); ++domain) {
    SchedMachine& machine = machines[domain];
    for (const auto& expires_ns : machine.watchdogs) {
      if (expires_ns && *expires_ns <= now_ns) {
        sched::shut_down(machine, static_cast<std::uint32_t>(ShutdownReason::kWatchdog));
        break;
      }
    }
    for (std::uint32_t i = 0; i < machine.vcpus.size(); ++i) {
      if (is_over(machine, i, now_ns)) {
        end_wait(machine.vcpus[i]);
        woken.push_back({static_cast<std::uint16_t>(domain), i, 0});
      }
    }
  }
  return woken;
}

std::optional<std::uint64_t> next_sched_deadline(const SchedMachines& machines) {
  std::optional<std::uint64_t> next;
  const auto consider = [&](std::uint64_t at) { next = next ? std::min(*next, at) : at; };
  for (const SchedMachine& machine : machines) {
    for (const auto& expires_ns : machine.watchdogs) {
      if (expires_ns) {
        consider(*expires_ns);
      }
    }
    for (const SchedVcpu& vcpu : machine.vcpus) {
      if (vcpu.wait == VcpuWait::kPolling && vcpu.poll_until_ns != 0) {
        consider(vcpu.poll_until_ns);
      }
    }
  }
  return next;
}

std::vector<SchedWake> end_suspend(SchedMachines& machines, std::uint16_t domain, bool canceled) {
  std::vector<SchedWake> woken;
  SchedMachine& machine = machines[domain];
  constexpr auto kSuspend = static_cast<std::uint8_t>(ShutdownReason::kSuspend);
  if (!machine.shut_down || machine.shutdown_code != kSuspend) {
    return woken;
  }
  for (std::uint32_t i = 0; i < machine.vcpus.size(); ++i) {
    if (machine.vcpus[i].wait == VcpuWait::kSuspended) {
      end_wait(machine.vcpus[i]);
      woken.push_back({domain, i, canceled ? 1 : 0});
    }
  }
  machine.shut_down = false;
  machine.shutdown_code.reset();
  return woken;
}

} // namespace schedrig

// SPDX-License-Identifier: MIT
// What ends the waits of scheduling commands (schedrig/sched_op.hpp): events, and machines that
// stop. Private to the SDK's sources; thread: the owner's.
#pragma once

#include <cstdint>

#include <schedrig/sched_op.hpp>

namespace schedrig::sched {

// Takes the events that notify this vCPU, and those on ports that it polls. False: there were none.
bool consume_events(SchedMachine& machine, std::uint32_t vcpu);

// Whether an event is pending that ends a poll of this vCPU.
[[nodiscard]] bool ends_poll(const SchedMachine& machine, std::uint32_t vcpu);

// Of `reason` the low 8 bits count, and nothing if a code was said before.
void latch_shutdown_code(SchedMachine& machine, std::uint32_t reason);

// No vCPU of it waits any more, and its watchdogs are off.
void shut_down(SchedMachine& machine, std::uint32_t reason);

} // namespace schedrig::sched

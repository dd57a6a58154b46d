// SPDX-License-Identifier: MIT
// Scheduling commands of programs in the machine, by the submission ring: as their own machine's,
// not as the hardware domain. Thread: host.
#pragma once

#include <cstdint>
#include <span>

#include <schedrig/ring_consumer.hpp>

#include "host/engine/session.hpp"

namespace schedrig::engine {

// args: number of the command, vCPU, its words (docs/reference/ring.md). `data`: the data area. One
// that waits is pending, and completes in complete_sched_commands().
RingResult carry_out_sched_command(Session& session, const RingSubmission& entry,
                                   std::span<std::uint8_t> data);

// Completes those that have returned meanwhile.
void complete_sched_commands(Session& session);

} // namespace schedrig::engine

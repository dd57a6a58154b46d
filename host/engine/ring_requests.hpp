// SPDX-License-Identifier: MIT
// Carries out what programs in the machine submit to its ring (schedrig/ring.h): the same kernel
// ops and snapshots as guest_requests.hpp answers. Thread: host.
#pragma once

#include <cstdint>
#include <span>

#include <schedrig/ring_consumer.hpp>

#include "host/engine/session.hpp"

namespace schedrig::engine {

// What the doorbells since the last call ask for; nothing where the machine has no ring. What
// fails is told to the program that asked.
void serve_ring(Session& session);

// One entry; `data` is its ring's data area.
[[nodiscard]] RingResult carry_out_entry(Session& session, const RingSubmission& entry,
                                         std::span<std::uint8_t> data);

} // namespace schedrig::engine

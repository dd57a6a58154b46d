// SPDX-License-Identifier: MIT
// triage: from evidence to a diagnosis. Rules, the strongest first: the kernel complained of
// itself, the host kept a CPU away, the scheduler broke a rule, a task waited in a way that shows
// why. What shows nothing is inconclusive, never somebody's fault. Pure; thread: any.
#pragma once

#include <cstdint>
#include <optional>

#include "host/triage/diagnosis.hpp"
#include "host/triage/evidence.hpp"

namespace schedrig::triage {

// Nothing where the evidence has neither an exit, nor a failed attach, nor a worker or task that
// waits, nor a complaint of the kernel's.
[[nodiscard]] std::optional<Diagnosis> triage(const Evidence& evidence);

// Of a task that waits: why. `waiting_ns`: how long, where the scene does not say. Requires a scene
// or not; stall.cpp.
[[nodiscard]] Diagnosis diagnose_stall(const Evidence& evidence, std::int32_t pid,
                                       const std::string& name, std::int64_t waiting_ns);
// Of a scheduler that ended but did not stall; exits.cpp. Requires evidence.exit.
[[nodiscard]] Diagnosis diagnose_exit(const Evidence& evidence);
// What the scheduler has printed about the task at last becomes evidence.
void add_last_words(const ExitFacts& exit, std::int32_t pid, Diagnosis& to);

} // namespace schedrig::triage

// SPDX-License-Identifier: MIT
// Events of sequences that workers share: mutexes, conditions and barriers, as the POSIX threads'
// calls of these names, among processes. A signal that nobody waits for is lost. Every wait ends
// when the worker is stopped; then it has happened or not, and nobody asks. Thread: the worker's.
#pragma once

#include "agent/shared_events.hpp"
#include "agent/work_loop.hpp"

namespace schedrig::agent {

void lock_event(const WorkerContext& context, Meter& meter, std::uint32_t mutex) noexcept;
// Nothing happens when somebody else holds it.
void unlock_event(const WorkerContext& context, std::uint32_t mutex) noexcept;
// Releases the mutex, waits, takes it back.
void wait_on_event(const WorkerContext& context, Meter& meter, std::uint32_t condition,
                   std::uint32_t mutex) noexcept;
void suspend_on_event(const WorkerContext& context, Meter& meter, std::uint32_t condition) noexcept;
void signal_event(const WorkerContext& context, std::uint32_t condition) noexcept;
// All that wait when it begins.
void broadcast_event(const WorkerContext& context, std::uint32_t condition) noexcept;
void meet_at_event(const WorkerContext& context, Meter& meter, std::uint32_t barrier,
                   std::uint32_t workers) noexcept;

} // namespace schedrig::agent

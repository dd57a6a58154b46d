// SPDX-License-Identifier: MIT
// Worker: the life of a forked worker process, from the gate to _exit. Knows no group, no channel.
//
// Runs between fork and _exit: system calls and shared memory only, no heap. Ends with exit status
// 0 after a stop; the slot then says finished. One that cannot go on (no memory) ends with the
// errno as its exit status.
#pragma once

#include <schedrig/work.hpp>

#include "agent/shared_events.hpp"
#include "agent/team_state.hpp"
#include "agent/worker_slot.hpp"

namespace schedrig::agent {

struct WorkerContext {
  const WorkSpec* spec = nullptr;
  WorkerSlot* slot = nullptr;
  std::uint32_t index = 0;       // within its group
  std::uint32_t member = 0;      // within its team
  TeamState* team = nullptr;     // of its team
  WorkerSlot* partner = nullptr; // pairs
  int read_fd = -1;              // pairs with pipes: from the partner
  int write_fd = -1;             // pairs with pipes: to the partner
  SharedEvent* events = nullptr; // sequences
};

// Whether workers of the type wait for words of shared memory, which needs futex_waitv(2).
[[nodiscard]] bool waits_for_words(WorkType type) noexcept;

// Requires: SIGUSR1 is blocked; it breaks a worker out of its read from a partner.
[[noreturn]] void run_worker(const WorkerContext& context) noexcept;

} // namespace schedrig::agent

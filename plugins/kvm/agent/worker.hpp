// SPDX-License-Identifier: MIT
// Worker: the life of a forked worker process, from the gate to _exit. Knows no group, no channel.
//
// Runs between fork and _exit: system calls and the slot only, no heap. Ends with exit status 0
// after a stop; the slot then says finished.
#pragma once

#include <schedrig/work.hpp>

#include "agent/worker_slot.hpp"

namespace schedrig::agent {

struct WorkerContext {
  const WorkSpec* spec = nullptr;
  WorkerSlot* slot = nullptr;
  WorkerSlot* partner = nullptr; // pipe_io
  int read_fd = -1;              // pipe_io: from the partner
  int write_fd = -1;             // pipe_io: to the partner
};

// Whether run_worker knows the type. kUnsupported names it.
[[nodiscard]] bool is_implemented(WorkType type) noexcept;

// Requires: SIGUSR1 is blocked; it breaks a worker out of its wait for a partner.
[[noreturn]] void run_worker(const WorkerContext& context) noexcept;

} // namespace schedrig::agent

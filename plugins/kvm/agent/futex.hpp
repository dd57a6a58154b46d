// SPDX-License-Identifier: MIT
// futex(2) on the gate of a slot. Shared futexes: agent and worker are different processes.
// Thread: any.
#pragma once

#include <climits>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/worker_slot.hpp"

namespace schedrig::agent {

// Sleeps while the gate reads `expected`, at most until CLOCK_MONOTONIC reads until_ns (negative:
// without limit). Returns for any reason; the caller looks again. FUTEX_WAIT_BITSET because its
// timeout is absolute.
inline void wait_while(const std::atomic<Gate>& gate, Gate expected,
                       std::int64_t until_ns = -1) noexcept {
  const timespec until{.tv_sec = until_ns / 1'000'000'000, .tv_nsec = until_ns % 1'000'000'000};
  ::syscall(SYS_futex, &gate, FUTEX_WAIT_BITSET, expected, until_ns < 0 ? nullptr : &until, nullptr,
            FUTEX_BITSET_MATCH_ANY);
}

inline void set_and_wake(std::atomic<Gate>& gate, Gate value) noexcept {
  gate.store(value, std::memory_order_release);
  ::syscall(SYS_futex, &gate, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

} // namespace schedrig::agent

// SPDX-License-Identifier: MIT
// futex(2) on words that processes share. Every wait of a worker looks at its gate too, in the
// kernel, so that no request to stop is missed between a look and a sleep.
// Thread: any.
#pragma once

#include <cerrno>
#include <climits>
#include <ctime>

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

// Sleeps while `word` reads `expected` and the gate kRun. futex_waitv(2) is there from Linux 5.16
// on: can_wait_for_change().
inline void wait_for_change(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                            const std::atomic<Gate>& gate) noexcept {
  futex_waitv waits[2] = {};
  waits[0].val = expected;
  waits[0].uaddr = reinterpret_cast<std::uintptr_t>(&word);
  waits[0].flags = FUTEX_32;
  waits[1].val = static_cast<std::uint32_t>(Gate::kRun);
  waits[1].uaddr = reinterpret_cast<std::uintptr_t>(&gate);
  waits[1].flags = FUTEX_32;
  ::syscall(SYS_futex_waitv, waits, 2, 0, nullptr, CLOCK_MONOTONIC);
}

// Whether the kernel has futex_waitv(2).
[[nodiscard]] inline bool can_wait_for_change() noexcept {
  ::syscall(SYS_futex_waitv, nullptr, 0, 0, nullptr, CLOCK_MONOTONIC);
  return errno != ENOSYS;
}

inline void wake(const std::atomic<std::uint32_t>& word, int waiters) noexcept {
  ::syscall(SYS_futex, &word, FUTEX_WAKE, waiters, nullptr, nullptr, 0);
}

inline void set_and_wake(std::atomic<Gate>& gate, Gate value) noexcept {
  gate.store(value, std::memory_order_release);
  ::syscall(SYS_futex, &gate, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

} // namespace schedrig::agent

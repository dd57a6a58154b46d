// SPDX-License-Identifier: MIT
// SharedEvents: the mutexes, conditions and barriers of sequences, by number, for the workers of
// all groups: one mapping that the agent makes before it forks the first worker that uses it.
//
// Conditions and barriers hand out tickets: who waits takes one, a wake-up serves the next, so that
// the first to wait is the first to go on. Thread: the agent's only one.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include <sys/types.h>

#include <schedrig/result.hpp>

namespace schedrig::agent {

struct SharedEvent {
  // Of a mutex: 0 or the owner's pid, with kWaitedFor. A futex word.
  std::atomic<std::uint32_t> owner{0};
  std::atomic<std::uint32_t> tickets{0}; // handed out
  std::atomic<std::uint32_t> served{0};  // up to this one, excluded
  // The last ticket served of those with this remainder, plus 1: futex words, several so that a
  // wake-up hardly meets other waiters than its own.
  std::array<std::atomic<std::uint32_t>, 4> calls{};
  std::atomic<std::int64_t> woke_ns{0}; // when somebody was woken last
};
// Above every pid: PID_MAX_LIMIT is 2^22 (include/linux/threads.h).
inline constexpr std::uint32_t kWaitedFor = 1U << 31U;

class SharedEvents {
 public:
  SharedEvents() = default;
  SharedEvents(const SharedEvents&) = delete;
  SharedEvents& operator=(const SharedEvents&) = delete;
  ~SharedEvents();

  // kMaxWorkResources of them; mapped at the first call. kOs.
  [[nodiscard]] Result<SharedEvent*> map();

  // A group that uses them is there; its workers have all ended. After the last one everything is
  // as at first: what was cut short in a barrier does not count for the next group.
  void group_begins() noexcept { ++groups_; }
  void group_ends() noexcept;

  // The process has ended: the mutexes that it held are free.
  void release(pid_t owner) noexcept;

 private:
  SharedEvent* events_ = nullptr;
  std::uint32_t groups_ = 0;
};

} // namespace schedrig::agent

// SPDX-License-Identifier: MIT
// TeamState: the memory that the workers of one team share: a messenger and its receivers, or the
// users of one lock. A group maps those of its teams MAP_SHARED before it forks.
#pragma once

#include <atomic>
#include <cstdint>

namespace schedrig::agent {

// As in "Futexes Are Tricky" (Drepper 2011).
enum LockWord : std::uint32_t { kFree = 0, kHeld = 1, kHeldAndWaitedFor = 2 };

// The padding is the point: users of the lock and receivers of calls are never the same team.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct alignas(64) TeamState {
  std::atomic<std::uint32_t> generation{0};           // of the messenger's calls; a futex word
  std::atomic<std::int64_t> called_ns{0};             // when the last one was made
  alignas(64) std::atomic<std::uint32_t> lock{kFree}; // a futex word
  std::atomic<std::int64_t> unlocked_ns{0};
};

} // namespace schedrig::agent

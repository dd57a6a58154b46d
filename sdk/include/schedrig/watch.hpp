// SPDX-License-Identifier: MIT
// The watch facet: the machine tells when its CPUs write to a few bytes. The debug registers of x86
// do it: four slots, 1, 2, 4 or 8 bytes each, by linear address. Missed are writes through another
// address of the same bytes, and those of devices and of the host.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <schedrig/status.hpp>

namespace schedrig {

inline constexpr std::uint32_t kWatchSlots = 4;
inline constexpr std::uint32_t kMaxWatchCaptures = 1'000'000; // of one slot
inline constexpr std::uint32_t kWatchStackWords = 32;         // of one capture

enum class WatchCondition : std::uint32_t {
  kAny = 0,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kEqual,
  kNotEqual,
};

struct WatchSpec {
  std::uint32_t size = sizeof(WatchSpec);
  std::uint32_t bytes = 4;   // 1, 2, 4 or 8
  std::uint64_t address = 0; // linear, a multiple of bytes
  // What the bytes must be behind a write, unsigned, for it to be a match. Only matches are
  // captured.
  WatchCondition condition = WatchCondition::kAny;
  std::uint32_t max_captures = 16;  // further matches are counted only
  std::uint64_t value = 0;          // that the condition compares with
  std::int64_t min_interval_ns = 0; // between captures; matches in between are counted only
};

// One write, as it was found right behind it.
struct WatchCapture {
  std::uint32_t size = sizeof(WatchCapture);
  std::uint32_t vcpu = 0;
  std::uint64_t hit = 0;  // which of the slot's hits, from 1
  std::int64_t at_ns = 0; // machine's clock
  std::uint64_t pc = 0;   // linear: of the instruction behind the one that wrote
  // What the watched bytes were then. Another CPU's write may have come in between.
  std::uint64_t value = 0;
  std::uint64_t rsp = 0;
  std::uint64_t rbp = 0;
  std::uint64_t cr3 = 0;
  std::span<const std::uint64_t> stack; // from rsp on, as much of it as is mapped
};

struct WatchCounts {
  std::uint32_t size = sizeof(WatchCounts);
  std::uint32_t reserved = 0;
  std::uint64_t hits = 0;    // writes
  std::uint64_t matches = 0; // those that the condition holds for; without one all
};

class WatchSink {
 public:
  virtual void on_capture(const WatchCapture& capture) noexcept = 0;

 protected:
  ~WatchSink() = default;
};

class WatchFacet {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.watch/1";

  // [host-thread] Arms a slot on every CPU, those too that are started later; counts from 0. Not
  // in a freeze window. kInvalidArgument: a slot that is armed or that there is not, an address or
  // length that cannot be watched. kTimeout: a CPU did not take it in time, named; the slot is
  // free.
  virtual Status arm(std::uint32_t slot, const WatchSpec& spec) noexcept = 0;

  // [host-thread] Not in a freeze window. After it nothing is counted; what was can still be read
  // until the slot is armed again. kInvalidArgument: it is not armed.
  virtual Status disarm(std::uint32_t slot) noexcept = 0;

  // [host-thread] What was counted since the slot was armed, and the captures that no call has
  // given before, in order.
  virtual Status hits(std::uint32_t slot, WatchCounts* counts, WatchSink& sink) noexcept = 0;

 protected:
  ~WatchFacet() = default;
};

} // namespace schedrig

// SPDX-License-Identifier: MIT
// Watches: the machine's data watchpoints, and what was found at their hits. One table for all
// vCPUs, whose threads give it to their CPU (vcpu_watch.hpp) and come back with hits.
//
// Slots change only while no vCPU runs; a change has a number, by which each vCPU knows whether it
// has taken it. Thread: any, unless it says otherwise.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <linux/kvm.h>

#include <schedrig/result.hpp>
#include <schedrig/watch.hpp>

namespace schedrig::kvm {

// A WatchCapture that owns its stack.
struct WatchHit {
  WatchCapture capture;
  std::vector<std::uint64_t> stack;
};

struct WatchHits {
  WatchCounts counts;
  std::vector<WatchHit> captures;
};

class Watches {
 public:
  // Tells the time that captures get.
  using Now = std::function<std::int64_t()>;

  // `on_stop`: called at the first match of a slot that stops, before its vCPU goes on.
  explicit Watches(std::function<void()> on_stop = {}) : on_stop_(std::move(on_stop)) {}

  // [no vCPU runs] kInvalidArgument as watch.hpp says.
  [[nodiscard]] Result<> set(std::uint32_t slot, const WatchSpec& spec, Now now,
                             bool stops = false);
  [[nodiscard]] Result<> clear(std::uint32_t slot);
  void clear_all();

  // Waits until `vcpus` of them have taken the newest change, or a match has stopped the machine:
  // the others take it before they run again. kTimeout: one has not, or what one of them said, by
  // name.
  [[nodiscard]] Result<> wait_until_taken(std::uint32_t vcpus,
                                          std::chrono::steady_clock::time_point deadline);

  // Takes the captures out.
  [[nodiscard]] Result<WatchHits> take_hits(std::uint32_t slot);

  // [vcpu thread] The newest change, and what KVM_SET_GUEST_DEBUG wants for it.
  [[nodiscard]] std::uint64_t change() const noexcept {
    return change_.load(std::memory_order_acquire);
  }
  [[nodiscard]] kvm_guest_debug debug() const;
  void taken(std::uint32_t vcpu, const Result<>& how);

  // [vcpu thread] Which slots are armed, as bits of DR6.
  [[nodiscard]] std::uint64_t armed() const noexcept {
    return armed_.load(std::memory_order_relaxed);
  }
  // [vcpu thread] One hit of an armed slot. `read_value` is asked only if the value matters, and
  // may not know it; `look` only for a capture, of which it fills all but hit and at_ns.
  void hit(std::uint32_t slot, const std::function<std::optional<std::uint64_t>()>& read_value,
           const std::function<WatchHit()>& look);
  [[nodiscard]] const WatchSpec& spec(std::uint32_t slot) const noexcept {
    return slots_[slot].spec;
  }

 private:
  struct Slot {
    WatchSpec spec; // changes only while no vCPU runs
    Now now;
    bool stops = false;
    std::atomic<std::uint64_t> hits = 0;
    std::atomic<std::uint64_t> matches = 0;
    std::atomic<bool> full = false;   // no further capture is wanted
    std::int64_t last_capture_ns = 0; // with mutex_, as what follows
    std::uint32_t captured = 0;
    std::vector<WatchHit> captures;
  };

  void changed();

  std::function<void()> on_stop_;
  std::array<Slot, kWatchSlots> slots_;
  std::atomic<std::uint64_t> armed_ = 0;
  std::atomic<std::uint64_t> change_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable taken_changed_;
  std::uint32_t taken_ = 0; // vCPUs that have the newest change
  bool stopped_ = false;    // by a match behind it
  std::string failure_;     // of one of them
};

// DR7 for these slots (Intel SDM vol. 3B, 17.2.4): global, on writes.
[[nodiscard]] std::uint64_t debug_control(std::uint64_t armed,
                                          const std::array<std::uint32_t, kWatchSlots>& bytes);

} // namespace schedrig::kvm

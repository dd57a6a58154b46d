// SPDX-License-Identifier: MIT
#include "watches.hpp"

#include <utility>

namespace schedrig::kvm {
namespace {

constexpr std::uint64_t kDr7Fixed = 1U << 10; // reads 1

// The LEN field: 8 bytes are out of order.
std::uint64_t length_code(std::uint32_t bytes) {
  switch (bytes) {
  case 1:
    return 0;
  case 2:
    return 1;
  case 8:
    return 2;
  default:
    return 3; // 4
  }
}

bool holds(WatchCondition condition, std::uint64_t value, std::uint64_t with) {
  switch (condition) {
  case WatchCondition::kAny:
    return true;
  case WatchCondition::kLess:
    return value < with;
  case WatchCondition::kLessEqual:
    return value <= with;
  case WatchCondition::kGreater:
    return value > with;
  case WatchCondition::kGreaterEqual:
    return value >= with;
  case WatchCondition::kEqual:
    return value == with;
  case WatchCondition::kNotEqual:
    return value != with;
  }
  return true;
}

std::unexpected<Error> invalid(std::uint32_t slot, const std::string& what) {
  return fail(StatusCode::kInvalidArgument, "watch slot " + std::to_string(slot) + ": " + what);
}

Result<> check(std::uint32_t slot, const WatchSpec& spec) {
  const bool length = spec.bytes == 1 || spec.bytes == 2 || spec.bytes == 4 || spec.bytes == 8;
  if (!length || spec.address % spec.bytes != 0) {
    return invalid(slot, std::to_string(spec.bytes) + " bytes at " + std::to_string(spec.address) +
                             ": only 1, 2, 4 or 8 at a multiple of as many can be watched");
  }
  if (spec.max_captures > kMaxWatchCaptures || spec.condition > WatchCondition::kNotEqual) {
    return invalid(slot, "a condition or a number of captures that there is not");
  }
  return {};
}

} // namespace

std::uint64_t debug_control(std::uint64_t armed,
                            const std::array<std::uint32_t, kWatchSlots>& bytes) {
  constexpr std::uint64_t kWrites = 1;
  std::uint64_t control = kDr7Fixed;
  for (std::uint32_t slot = 0; slot < kWatchSlots; ++slot) {
    if ((armed >> slot & 1U) != 0) {
      control |= 1ULL << (2 * slot + 1);
      control |= (kWrites | length_code(bytes[slot]) << 2U) << (16 + 4 * slot);
    }
  }
  return control;
}

Result<> Watches::set(std::uint32_t slot, const WatchSpec& spec, Now now, bool stops) {
  if (slot >= kWatchSlots || (armed() >> slot & 1U) != 0) {
    return invalid(slot, slot < kWatchSlots ? "is armed" : "there are 4, from 0 on");
  }
  TRY(check(slot, spec));
  Slot& to = slots_[slot];
  to.spec = spec;
  to.now = std::move(now);
  to.stops = stops;
  to.hits = 0;
  to.matches = 0;
  to.full = spec.max_captures == 0;
  to.captured = 0;
  to.captures.clear();
  armed_.fetch_or(1ULL << slot);
  changed();
  return {};
}

Result<> Watches::clear(std::uint32_t slot) {
  if (slot >= kWatchSlots || (armed() >> slot & 1U) == 0) {
    return invalid(slot, "is not armed");
  }
  armed_.fetch_and(~(1ULL << slot));
  changed();
  return {};
}

void Watches::clear_all() {
  if (armed_.exchange(0) != 0) {
    changed();
  }
}

void Watches::changed() {
  const std::lock_guard lock(mutex_);
  taken_ = 0;
  stopped_ = false;
  failure_.clear();
  change_.fetch_add(1, std::memory_order_release);
}

Result<> Watches::wait_until_taken(std::uint32_t vcpus,
                                   std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  if (!taken_changed_.wait_until(lock, deadline, [&] { return taken_ >= vcpus || stopped_; })) {
    return fail(StatusCode::kTimeout, "only " + std::to_string(taken_) + " of " +
                                          std::to_string(vcpus) + " vCPUs took the watch in time");
  }
  if (!failure_.empty()) {
    return fail(StatusCode::kOs, failure_);
  }
  return {};
}

kvm_guest_debug Watches::debug() const {
  kvm_guest_debug debug{};
  const std::uint64_t armed = this->armed();
  if (armed == 0) {
    return debug; // off
  }
  std::array<std::uint32_t, kWatchSlots> bytes{};
  for (std::uint32_t slot = 0; slot < kWatchSlots; ++slot) {
    debug.arch.debugreg[slot] = slots_[slot].spec.address;
    bytes[slot] = slots_[slot].spec.bytes;
  }
  debug.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
  debug.arch.debugreg[7] = debug_control(armed, bytes);
  return debug;
}

void Watches::taken(std::uint32_t vcpu, const Result<>& how) {
  const std::lock_guard lock(mutex_);
  ++taken_;
  if (!how && failure_.empty()) {
    failure_ = "vCPU " + std::to_string(vcpu) + ": " + how.error().message;
  }
  taken_changed_.notify_all();
}

void Watches::hit(std::uint32_t slot,
                  const std::function<std::optional<std::uint64_t>()>& read_value,
                  const std::function<WatchHit()>& look) {
  Slot& hit = slots_[slot];
  const std::uint64_t number = hit.hits.fetch_add(1, std::memory_order_relaxed) + 1;
  if (hit.spec.condition != WatchCondition::kAny) {
    const auto value = read_value();
    if (!value || !holds(hit.spec.condition, *value, hit.spec.value)) {
      return;
    }
  }
  hit.matches.fetch_add(1, std::memory_order_relaxed);
  if (hit.full.load(std::memory_order_relaxed)) {
    return;
  }
  const std::int64_t now = hit.now();
  {
    const std::lock_guard lock(mutex_);
    const bool soon = hit.captured > 0 && now - hit.last_capture_ns < hit.spec.min_interval_ns;
    if (soon || hit.captured >= hit.spec.max_captures) {
      return;
    }
    ++hit.captured;
    hit.last_capture_ns = now;
    hit.full = hit.captured >= hit.spec.max_captures;
  }
  WatchHit found = look();
  found.capture.hit = number;
  found.capture.at_ns = now;
  {
    const std::lock_guard lock(mutex_);
    hit.captures.push_back(std::move(found));
    stopped_ = stopped_ || hit.stops;
  }
  if (hit.stops) {
    taken_changed_.notify_all();
    on_stop_(); // who hears of it finds the capture
  }
}

Result<WatchHits> Watches::take_hits(std::uint32_t slot) {
  if (slot >= kWatchSlots) {
    return invalid(slot, "there are 4, from 0 on");
  }
  const std::lock_guard lock(mutex_);
  WatchCounts counts;
  counts.hits = slots_[slot].hits.load();
  counts.matches = slots_[slot].matches.load();
  return WatchHits{.counts = counts, .captures = std::exchange(slots_[slot].captures, {})};
}

} // namespace schedrig::kvm

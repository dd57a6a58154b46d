// SPDX-License-Identifier: MIT
#include "plugins/mock/kernel/watches.hpp"

#include <algorithm>
#include <bit>
#include <string>

namespace schedrig::mock {
namespace {

std::uint64_t value_at(const GuestKernel& kernel, std::uint64_t physical, std::uint32_t bytes) {
  std::uint64_t value = 0;
  kernel.space().ram().read(physical, {reinterpret_cast<std::uint8_t*>(&value), bytes});
  return value;
}

Status refuse(std::uint32_t slot, const std::string& why) {
  return Status::make(StatusCode::kInvalidArgument,
                      "watch slot " + std::to_string(slot) + ": " + why);
}

} // namespace

bool matches(const WatchSpec& spec, std::uint64_t value) {
  switch (spec.condition) {
  case WatchCondition::kAny:
    return true;
  case WatchCondition::kLess:
    return value < spec.value;
  case WatchCondition::kLessEqual:
    return value <= spec.value;
  case WatchCondition::kGreater:
    return value > spec.value;
  case WatchCondition::kGreaterEqual:
    return value >= spec.value;
  case WatchCondition::kEqual:
    return value == spec.value;
  case WatchCondition::kNotEqual:
    return value != spec.value;
  }
  return false;
}

Status Watches::arm(std::uint32_t number, const WatchSpec& spec, const GuestKernel& kernel) {
  if (number >= kWatchSlots || slots_[number].armed) {
    return refuse(number, number >= kWatchSlots ? "there is none" : "it is armed");
  }
  if (spec.bytes > sizeof(std::uint64_t) || !std::has_single_bit(spec.bytes) ||
      spec.address % spec.bytes != 0) {
    return refuse(number, std::to_string(spec.bytes) + " bytes at " + std::to_string(spec.address) +
                              ": 1, 2, 4 or 8 at a multiple of their number can be watched");
  }
  const auto physical = kernel.space().physical_of(spec.address);
  if (!physical) {
    return refuse(number, "nothing of the kernel's is mapped at " + std::to_string(spec.address));
  }
  if (spec.max_captures > kMaxWatchCaptures) {
    return refuse(number, "at most " + std::to_string(kMaxWatchCaptures) + " captures");
  }
  Slot& slot = slots_[number] = {};
  slot.armed = true;
  slot.spec = spec;
  slot.physical = *physical;
  slot.value = value_at(kernel, *physical, spec.bytes);
  return {};
}

Status Watches::disarm(std::uint32_t number) {
  if (number >= kWatchSlots || !slots_[number].armed) {
    return refuse(number, "it is not armed");
  }
  slots_[number].armed = false;
  return {};
}

Status Watches::hits(std::uint32_t number, WatchCounts* counts, WatchSink& sink) {
  if (number >= kWatchSlots) {
    return refuse(number, "there is none");
  }
  Slot& slot = slots_[number];
  *counts = slot.counts;
  for (Capture& capture : slot.captures) {
    capture.found.stack = capture.stack;
    sink.on_capture(capture.found);
  }
  slot.captures.clear();
  return {};
}

bool Watches::any() const {
  return std::ranges::any_of(slots_, &Slot::armed);
}

void Watches::hit(Slot& slot, const GuestKernel& kernel, std::uint64_t value, std::int64_t at_ns) {
  ++slot.counts.hits;
  if (!matches(slot.spec, value)) {
    return;
  }
  ++slot.counts.matches;
  const bool soon = slot.captured != 0 && at_ns - slot.captured_at_ns < slot.spec.min_interval_ns;
  if (slot.captured == slot.spec.max_captures || soon) {
    return;
  }
  ++slot.captured;
  slot.captured_at_ns = at_ns;
  const WriteSite site = kernel.write_site(slot.physical, value > slot.value);
  Capture& capture = slot.captures.emplace_back();
  capture.found.vcpu = site.cpu;
  capture.found.hit = slot.counts.hits;
  capture.found.at_ns = at_ns;
  capture.found.pc = kernel.code(site.functions.front());
  capture.found.value = value;
  capture.found.rsp = kernel.idle_rsp(site.cpu);
  capture.found.cr3 = kernel.space().cr3();
  for (const layout::Function caller : site.functions.subspan(1)) {
    capture.stack.push_back(kernel.code(caller));
  }
}

void Watches::look(const GuestKernel& kernel, std::int64_t at_ns) {
  for (Slot& slot : slots_) {
    if (!slot.armed) {
      continue;
    }
    const std::uint64_t value = value_at(kernel, slot.physical, slot.spec.bytes);
    if (value != slot.value) {
      hit(slot, kernel, value, at_ns);
      slot.value = value;
    }
  }
}

void Watches::forget(const GuestKernel& kernel) {
  for (Slot& slot : slots_) {
    if (slot.armed) {
      slot.value = value_at(kernel, slot.physical, slot.spec.bytes);
    }
  }
}

} // namespace schedrig::mock

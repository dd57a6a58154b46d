// SPDX-License-Identifier: MIT
#include "memory_cache.hpp"

#include <cerrno>
#include <cstring>

namespace schedrig::kvm {

bool satisfied(const CacheResult& result) noexcept {
  switch (result.outcome) {
  case CacheOutcome::kNotRequested:
  case CacheOutcome::kAppliedPerSlot:
  case CacheOutcome::kAppliedVmWide:
  case CacheOutcome::kHonouredByCpu:
    return true;
  case CacheOutcome::kDroppedNoCapability:
  case CacheOutcome::kDroppedRefused:
  case CacheOutcome::kError:
    return false;
  }
  return false;
}

std::string to_string(const CacheResult& result) {
  switch (result.outcome) {
  case CacheOutcome::kNotRequested:
    return "not requested";
  case CacheOutcome::kAppliedPerSlot:
    return "applied per slot";
  case CacheOutcome::kAppliedVmWide:
    return "applied to the whole machine";
  case CacheOutcome::kHonouredByCpu:
    return "honoured by the CPU";
  case CacheOutcome::kDroppedNoCapability:
    return "dropped: no capability";
  case CacheOutcome::kDroppedRefused:
    return "dropped: refused";
  case CacheOutcome::kError:
    break;
  }
  const char* name = strerrorname_np(result.os_errno);
  return "error " + (name != nullptr ? std::string(name) : std::to_string(result.os_errno));
}

MemoryCacheTypes::MemoryCacheTypes(MemoryCalls& calls, CpuVendor host, bool noncoherent_wanted) {
  if (!noncoherent_wanted) {
    return;
  }
  if (host == CpuVendor::kAmd) {
    without_flag_ = {CacheOutcome::kHonouredByCpu, 0};
    return;
  }
  ask_for_the_vm(calls);
  // A kernel that did it for the whole VM has given the capabilities' numbers to other things.
  if (without_flag_.outcome != CacheOutcome::kAppliedVmWide) {
    slot_flag_ =
        calls.capability(kCapNoncoherentOf515) == 1 || calls.capability(kCapNoncoherentOf612) == 1;
    version2_ = slot_flag_ && calls.capability(kCapUserMemory2) == 1;
  }
}

void MemoryCacheTypes::ask_for_the_vm(MemoryCalls& calls) {
  const auto may_disable = static_cast<std::uint64_t>(calls.capability(kCapDisableQuirks2));
  if ((may_disable & kQuirkIgnoreGuestPat) == 0) {
    return;
  }
  switch (const int error = calls.disable_quirks(kQuirkIgnoreGuestPat)) {
  case 0:
    without_flag_ = {CacheOutcome::kAppliedVmWide, 0};
    return;
  case EINVAL:
    without_flag_ = {CacheOutcome::kDroppedRefused, 0};
    return;
  default:
    without_flag_ = {CacheOutcome::kError, error};
  }
}

MemoryCacheTypes::Slot MemoryCacheTypes::set_slot(SlotSetter& slot, MemoryCache cache) const {
  if (cache == MemoryCache::kCoherent) {
    return {.os_errno = slot.set({}), .cache = {}};
  }
  if (!slot_flag_) {
    return {.os_errno = slot.set({}), .cache = without_flag_};
  }
  const int error = slot.set({.flags = kSlotNoncoherent, .version2 = version2_});
  if (error == 0) {
    return {.os_errno = 0, .cache = {CacheOutcome::kAppliedPerSlot, 0}};
  }
  if (error != EINVAL) {
    return {.os_errno = error, .cache = {CacheOutcome::kError, error}};
  }
  const int again = slot.set({.flags = 0, .version2 = version2_});
  return {.os_errno = again,
          .cache = again == 0 ? CacheResult{CacheOutcome::kDroppedRefused, 0}
                              : CacheResult{CacheOutcome::kError, again}};
}

} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// Memory cache types: what KVM is asked so that a guest's own page memory types count in a region,
// and what becomes of it. Where KVM has it at all, it is
//   per VM    KVM_X86_QUIRK_IGNORE_GUEST_PAT, disabled by KVM_CAP_DISABLE_QUIRKS2 before there are
//             memory and vCPUs (Linux 6.16, arch/x86/kvm/x86.c); not on CPUs without self-snoop;
//   per slot  a flag of the memory slot that some kernels know (capability 236 or 239 is 1). Linux
//             gave both numbers to other things since, so a kernel may claim and refuse it.
// AMD's nested paging honours the guest's type in any case.
//
// Pure but for the calls, which tests replace. Ownership: values. Thread: before vCPUs run.
#pragma once

#include <cstdint>
#include <string>

#include <schedrig/memory_regions.hpp>

#include "cpuid/vendor.hpp"

namespace schedrig::kvm {

// Numbers that the kernel's headers of this build may lack.
inline constexpr int kCapDisableQuirks2 = 213;
inline constexpr int kCapUserMemory2 = 231;
inline constexpr int kCapNoncoherentOf515 = 236; // 5.15 to 6.6
inline constexpr int kCapNoncoherentOf612 = 239;
inline constexpr std::uint64_t kQuirkIgnoreGuestPat = 1U << 9U;
inline constexpr std::uint32_t kSlotNoncoherent = 0x8;

// Of a slot's ioctl: KVM_SET_USER_MEMORY_REGION or, version 2, KVM_SET_USER_MEMORY_REGION2.
struct SlotCall {
  std::uint32_t flags = 0;
  bool version2 = false;
};

enum class CacheOutcome : std::uint8_t {
  kNotRequested,
  kAppliedPerSlot,
  kAppliedVmWide,
  kHonouredByCpu,
  kDroppedNoCapability,
  kDroppedRefused,
  kError,
};

struct CacheResult {
  CacheOutcome outcome = CacheOutcome::kNotRequested;
  int os_errno = 0; // of kError

  bool operator==(const CacheResult&) const = default;
};

// Whether the region is as it was asked for.
[[nodiscard]] bool satisfied(const CacheResult& result) noexcept;
// "applied to the whole machine", "error ENOMEM": what reports say.
[[nodiscard]] std::string to_string(const CacheResult& result);

// What is asked of KVM; errors are errnos, 0 is success.
class MemoryCalls {
 public:
  virtual int capability(int number) noexcept = 0; // its value; 0: absent
  virtual int disable_quirks(std::uint64_t quirks) noexcept = 0;

 protected:
  ~MemoryCalls() = default;
};

// Sets the slot at hand.
class SlotSetter {
 public:
  virtual int set(const SlotCall& call) noexcept = 0;

 protected:
  ~SlotSetter() = default;
};

class MemoryCacheTypes {
 public:
  // `host`: whose CPU this is. Asks KVM for nothing unless a region will be noncoherent.
  MemoryCacheTypes(MemoryCalls& calls, CpuVendor host, bool noncoherent_wanted);

  struct Slot {
    int os_errno = 0; // the slot could not be set
    CacheResult cache;
  };
  // Sets a slot; with the flag at most once, and again without it if KVM said exactly EINVAL.
  [[nodiscard]] Slot set_slot(SlotSetter& slot, MemoryCache cache) const;

 private:
  void ask_for_the_vm(MemoryCalls& calls);

  // What becomes of noncoherent regions where no slot has the flag.
  CacheResult without_flag_{CacheOutcome::kDroppedNoCapability, 0};
  bool slot_flag_ = false;
  bool version2_ = false;
};

} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// The guest's stolen time, for a vCPU that the VMM stopped: KVM counts only what its thread waited
// for a CPU. The record is the guest's memory, where the guest has said (MSR_KVM_STEAL_TIME,
// Documentation/virt/kvm/x86/msr.rst of Linux 6.18); KVM adds to what it finds there.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>

#include <asm/kvm_para.h>

#include "guest_memory.hpp"
#include "kvm_ioctl.hpp"
#include "kvm_list.hpp"
#include "vcpu.hpp"

namespace schedrig::kvm {
namespace {

constexpr unsigned long kGetMsrs = _IOWR(KVMIO, 0x88, KvmListHeader);

// The record's first members.
constexpr std::uint64_t kStealOffset = offsetof(kvm_steal_time, steal);
constexpr std::uint64_t kVersionOffset = offsetof(kvm_steal_time, version);
static_assert(kStealOffset == 0 && kVersionOffset == 8);

} // namespace

// Readers look at the version before and after: odd, or another one, and they read again. Only this
// thread and KVM on its behalf write here, and KVM does so within KVM_RUN.
void Vcpu::count_stolen(const GuestMemory& memory, std::chrono::nanoseconds time) const noexcept {
  std::array entries = {kvm_msr_entry{.index = MSR_KVM_STEAL_TIME, .reserved = 0, .data = 0}};
  KvmList<kvm_msr_entry> msrs{std::span<const kvm_msr_entry>(entries)};
  const auto got = kvm_ioctl(fd_.get(), kGetMsrs, "KVM_GET_MSRS", msrs.argument());
  if (!got || *got != 1) {
    return; // a KVM without steal time: nobody counts
  }
  const std::uint64_t msr = msrs.entries().front().data;
  const auto record = memory.slice(msr & ~std::uint64_t{KVM_STEAL_RESERVED_MASK | KVM_MSR_ENABLED},
                                   sizeof(kvm_steal_time));
  if ((msr & KVM_MSR_ENABLED) == 0 || record.empty()) {
    return;
  }
  auto& steal = *reinterpret_cast<std::uint64_t*>(record.data() + kStealOffset);
  auto& version = *reinterpret_cast<std::uint32_t*>(record.data() + kVersionOffset);
  std::atomic_ref(version).fetch_add(1, std::memory_order_seq_cst);
  std::atomic_ref(steal).fetch_add(static_cast<std::uint64_t>(time.count()),
                                   std::memory_order_seq_cst);
  std::atomic_ref(version).fetch_add(1, std::memory_order_seq_cst);
}

} // namespace schedrig::kvm

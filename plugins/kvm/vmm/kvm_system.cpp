// SPDX-License-Identifier: MIT
// VM creation.
#include "kvm_system.hpp"

#include <array>

#include "kvm_ioctl.hpp"
#include "kvm_list.hpp"

namespace schedrig::kvm {
namespace {

struct Needed {
  int capability;
  const char* name;
};

constexpr std::array kNeeded = {
    Needed{KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP"},
    Needed{KVM_CAP_PIT2, "KVM_CAP_PIT2"},
    Needed{KVM_CAP_IRQFD, "KVM_CAP_IRQFD"},
    Needed{KVM_CAP_IOEVENTFD, "KVM_CAP_IOEVENTFD"},
    Needed{KVM_CAP_IOEVENTFD_ANY_LENGTH, "KVM_CAP_IOEVENTFD_ANY_LENGTH"},
    Needed{KVM_CAP_IRQ_ROUTING, "KVM_CAP_IRQ_ROUTING"},
    Needed{KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT"},
    Needed{KVM_CAP_SET_BOOT_CPU_ID, "KVM_CAP_SET_BOOT_CPU_ID"},
    Needed{KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID"},
    Needed{KVM_CAP_TSC_DEADLINE_TIMER, "KVM_CAP_TSC_DEADLINE_TIMER"},
};

// More leaves than any CPU has; KVM says E2BIG if not, and takes at most 256 itself.
constexpr std::size_t kMaxCpuidLeaves = 256;

} // namespace

Result<> KvmSystem::create(const std::string& device, const GuestMemory& memory,
                           std::span<const MemoryRegion> regions) {
  kvm_ = TRY(open_kvm(device.c_str()));
  for (const Needed& needed : kNeeded) {
    if (TRY(check_extension(kvm_.get(), needed.capability)) <= 0) {
      return fail(StatusCode::kUnsupported,
                  device + ": this KVM lacks " + needed.name + ", which the VMM needs");
    }
  }
  vm_ = UniqueFd(TRY(SCHEDRIG_KVM(kvm_.get(), KVM_CREATE_VM)));
  (void)TRY(SCHEDRIG_KVM(vm_.get(), KVM_SET_TSS_ADDR, static_cast<unsigned long>(kTssAddress)));
  std::uint64_t identity_map = kIdentityMapAddress;
  (void)TRY(SCHEDRIG_KVM(vm_.get(), KVM_SET_IDENTITY_MAP_ADDR, &identity_map));
  (void)TRY(SCHEDRIG_KVM(vm_.get(), KVM_CREATE_IRQCHIP));
  kvm_pit_config pit{};
  pit.flags = KVM_PIT_SPEAKER_DUMMY; // port 0x61 is answered in the kernel, too
  (void)TRY(SCHEDRIG_KVM(vm_.get(), KVM_CREATE_PIT2, &pit));
  caches_ = TRY(set_memory_slots(kvm_.get(), vm_.get(), memory, regions));
  return {};
}

Result<std::vector<kvm_cpuid_entry2>> supported_cpuid(int kvm_fd) {
  KvmList<kvm_cpuid_entry2> list(kMaxCpuidLeaves);
  (void)TRY(kvm_ioctl(kvm_fd, kGetSupportedCpuid, "KVM_GET_SUPPORTED_CPUID", list.argument()));
  return list.entries();
}

Result<> KvmSystem::set_boot_cpu(std::uint32_t apic_id) const {
  (void)TRY(SCHEDRIG_KVM(vm_.get(), KVM_SET_BOOT_CPU_ID, static_cast<unsigned long>(apic_id)));
  return {};
}

Result<std::size_t> KvmSystem::run_bytes() const {
  const int bytes = TRY(SCHEDRIG_KVM(kvm_.get(), KVM_GET_VCPU_MMAP_SIZE));
  return static_cast<std::size_t>(bytes);
}

} // namespace schedrig::kvm

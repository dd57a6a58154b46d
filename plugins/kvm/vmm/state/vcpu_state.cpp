// SPDX-License-Identifier: MIT
#include "vcpu_state.hpp"

#include <algorithm>
#include <cstdio>
#include <string>

#include "../kvm_ioctl.hpp"
#include "../kvm_list.hpp"

namespace schedrig::kvm {
namespace {

// Intel SDM vol. 4.
constexpr std::uint32_t kMsrTsc = 0x10;
constexpr std::uint32_t kMsrTscDeadline = 0x6e0;
// <asm/kvm_para.h>: KVM's own, of which its list names only those that the module was built with.
constexpr std::uint32_t kFirstKvmMsr = 0x4b564d00;
constexpr std::uint32_t kLastKvmMsr = 0x4b564d08;
// Hyper-V's. Guests see no Hyper-V; reading one makes KVM set up an emulation of it.
constexpr std::uint32_t kFirstHyperVMsr = 0x40000000;
constexpr std::uint32_t kLastHyperVMsr = 0x400001ff;

constexpr std::size_t kMaxMsrs = 4096; // KVM lists some hundred

// As in C; see kvm_list.hpp. The index list's header is a count alone.
constexpr unsigned long kGetMsrIndexList = _IOWR(KVMIO, 0x02, std::uint32_t);
constexpr unsigned long kGetMsrs = _IOWR(KVMIO, 0x88, KvmListHeader);
struct Xsave {
  std::byte region[4096];
};
constexpr unsigned long kGetXsave = _IOR(KVMIO, 0xa4, Xsave);
constexpr unsigned long kSetXsave = _IOW(KVMIO, 0xa5, Xsave);
constexpr unsigned long kGetXsave2 = _IOR(KVMIO, 0xcf, Xsave);

std::string hex(std::uint64_t value) {
  char text[20];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

Result<> write_msrs(int fd, std::span<const kvm_msr_entry> values) {
  while (!values.empty()) {
    KvmList<kvm_msr_entry> list(values);
    const auto set =
        static_cast<std::size_t>(TRY(kvm_ioctl(fd, kSetMsrs, "KVM_SET_MSRS", list.argument())));
    if (set >= values.size()) {
      return {};
    }
    // Read-only ones are in the list, too: they need not be set, only be what they were.
    const kvm_msr_entry& refused = values[set];
    const auto now = TRY(read_msrs(fd, {refused.index}));
    if (now.size() != 1 || now.front().data != refused.data) {
      return fail(StatusCode::kUnsupported,
                  "KVM_SET_MSRS: MSR " + hex(refused.index) + " does not take " +
                      hex(refused.data) + (now.empty() ? "" : ", it is " + hex(now.front().data)));
    }
    values = values.subspan(set + 1);
  }
  return {};
}

Result<std::uint64_t> read_tsc_offset(int fd) {
  std::uint64_t offset = 0;
  kvm_device_attr attribute{};
  attribute.group = KVM_VCPU_TSC_CTRL;
  attribute.attr = KVM_VCPU_TSC_OFFSET;
  attribute.addr = reinterpret_cast<std::uintptr_t>(&offset);
  (void)TRY(SCHEDRIG_KVM(fd, KVM_GET_DEVICE_ATTR, &attribute));
  return offset;
}

Result<> write_tsc_offset(int fd, std::uint64_t offset) {
  kvm_device_attr attribute{};
  attribute.group = KVM_VCPU_TSC_CTRL;
  attribute.attr = KVM_VCPU_TSC_OFFSET;
  attribute.addr = reinterpret_cast<std::uintptr_t>(&offset);
  (void)TRY(SCHEDRIG_KVM(fd, KVM_SET_DEVICE_ATTR, &attribute));
  return {};
}

} // namespace

Result<std::vector<kvm_msr_entry>> read_msrs(int fd, const std::vector<std::uint32_t>& indices) {
  // A read stops at the first that cannot.
  std::vector<kvm_msr_entry> values;
  for (std::size_t at = 0; at < indices.size();) {
    std::vector<kvm_msr_entry> wanted;
    for (std::size_t i = at; i < indices.size(); ++i) {
      wanted.push_back({.index = indices[i], .reserved = 0, .data = 0});
    }
    KvmList<kvm_msr_entry> list{std::span<const kvm_msr_entry>(wanted)};
    const auto read =
        static_cast<std::size_t>(TRY(kvm_ioctl(fd, kGetMsrs, "KVM_GET_MSRS", list.argument())));
    const auto entries = list.entries();
    values.insert(values.end(), entries.begin(),
                  entries.begin() + static_cast<std::ptrdiff_t>(std::min(read, entries.size())));
    at += read + 1;
  }
  return values;
}

Result<std::size_t> xsave_bytes(int vm_fd) {
  const int bytes = TRY(check_extension(vm_fd, KVM_CAP_XSAVE2));
  return std::max(static_cast<std::size_t>(bytes), sizeof(Xsave));
}

Result<std::vector<std::uint32_t>> saved_msrs(int kvm_fd) {
  std::vector<std::uint32_t> list(1 + kMaxMsrs);
  list.front() = kMaxMsrs;
  (void)TRY(kvm_ioctl(kvm_fd, kGetMsrIndexList, "KVM_GET_MSR_INDEX_LIST", list.data()));
  std::vector<std::uint32_t> indices(
      list.begin() + 1,
      list.begin() + 1 + static_cast<std::ptrdiff_t>(std::min<std::size_t>(list[0], kMaxMsrs)));
  std::erase_if(indices, [](std::uint32_t index) {
    return index == kMsrTsc || index == kMsrTscDeadline ||
           (index >= kFirstHyperVMsr && index <= kLastHyperVMsr) ||
           (index >= kFirstKvmMsr && index <= kLastKvmMsr);
  });
  for (std::uint32_t index = kFirstKvmMsr; index <= kLastKvmMsr; ++index) {
    indices.push_back(index);
  }
  return indices;
}

Result<VcpuState> save_vcpu(int fd, std::size_t xsave_bytes,
                            const std::vector<std::uint32_t>& msrs) {
  VcpuState state;
  // First: it takes INIT and SIPI that wait, which changes the registers.
  (void)TRY(SCHEDRIG_KVM(fd, KVM_GET_MP_STATE, &state.mp_state));
  (void)TRY(SCHEDRIG_KVM(fd, KVM_GET_REGS, &state.regs));
  (void)TRY(SCHEDRIG_KVM(fd, KVM_GET_SREGS, &state.sregs));
  state.xsave.resize(xsave_bytes);
  const bool longer = xsave_bytes > sizeof(Xsave);
  (void)TRY(kvm_ioctl(fd, longer ? kGetXsave2 : kGetXsave,
                      longer ? "KVM_GET_XSAVE2" : "KVM_GET_XSAVE", state.xsave.data()));
  (void)TRY(SCHEDRIG_KVM(fd, KVM_GET_XCRS, &state.xcrs));
  (void)TRY(SCHEDRIG_KVM(fd, KVM_GET_DEBUGREGS, &state.debug));
  (void)TRY(SCHEDRIG_KVM(fd, KVM_GET_LAPIC, &state.lapic));
  state.tsc_offset = TRY(read_tsc_offset(fd));
  state.msrs = TRY(read_msrs(fd, msrs));
  const auto deadline = TRY(read_msrs(fd, {kMsrTscDeadline}));
  state.tsc_deadline = deadline.empty() ? 0 : deadline.front().data;
  // Last: reading the others can make an exception or an interrupt pending.
  (void)TRY(SCHEDRIG_KVM(fd, KVM_GET_VCPU_EVENTS, &state.events));
  return state;
}

Result<> restore_vcpu(int fd, const VcpuState& state) {
  // KVM's setters take pointers to what they do not change.
  VcpuState own = state;
  // INIT and SIPI that wait are taken by reading, not dropped by writing.
  kvm_mp_state before{};
  (void)TRY(SCHEDRIG_KVM(fd, KVM_GET_MP_STATE, &before));
  (void)TRY(SCHEDRIG_KVM(fd, KVM_SET_MP_STATE, &own.mp_state));
  // Before events: it clears the exception that waits.
  (void)TRY(SCHEDRIG_KVM(fd, KVM_SET_REGS, &own.regs));
  // Before the local APIC, whose base and mode it sets.
  (void)TRY(SCHEDRIG_KVM(fd, KVM_SET_SREGS, &own.sregs));
  (void)TRY(kvm_ioctl(fd, kSetXsave, "KVM_SET_XSAVE", own.xsave.data()));
  (void)TRY(SCHEDRIG_KVM(fd, KVM_SET_XCRS, &own.xcrs));
  (void)TRY(SCHEDRIG_KVM(fd, KVM_SET_DEBUGREGS, &own.debug));
  // Before MSRs: the deadline is taken only by an APIC whose timer is in that mode.
  (void)TRY(SCHEDRIG_KVM(fd, KVM_SET_LAPIC, &own.lapic));
  TRY(write_msrs(fd, own.msrs));
  (void)TRY(SCHEDRIG_KVM(fd, KVM_SET_VCPU_EVENTS, &own.events));
  return {};
}

Result<> restore_tsc(int fd, std::uint64_t guest_tsc, std::uint64_t host_tsc,
                     std::uint64_t deadline) {
  TRY(write_tsc_offset(fd, guest_tsc - host_tsc));
  // KVM forgets the deadline when it is due, a moment before the interrupt is in the APIC's state:
  // a zero may hide an interrupt that was on its way. Due now, it comes at once; a CPU that had
  // none on its way takes one interrupt too many, which Linux expects of any timer.
  const kvm_msr_entry due = {
      .index = kMsrTscDeadline, .reserved = 0, .data = deadline == 0 ? guest_tsc : deadline};
  return write_msrs(fd, std::span(&due, 1));
}

Result<> turn_tsc_back(int fd, std::uint64_t ticks) {
  const std::uint64_t offset = TRY(read_tsc_offset(fd));
  TRY(write_tsc_offset(fd, offset - ticks));
  // A KVM in software takes any offset, and its guests read the host's TSC.
  if (TRY(read_tsc_offset(fd)) != offset - ticks) {
    return fail(StatusCode::kUnsupported, "KVM does not keep the TSC offset that it is given");
  }
  // KVM has turned the deadline into host time when it was set. One that is gone was due, and its
  // interrupt is in the APIC already.
  const auto due = TRY(read_msrs(fd, {kMsrTscDeadline}));
  return due.empty() || due.front().data == 0 ? Result<>() : write_msrs(fd, due);
}

} // namespace schedrig::kvm

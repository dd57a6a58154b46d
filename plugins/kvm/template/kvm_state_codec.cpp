// SPDX-License-Identifier: MIT
// vCPUs, irqchips and clocks.
#include <set>
#include <string>

#include "template/state_codec.hpp"
#include "template/struct_codec.hpp"
#include "vmm/layout.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::uint32_t kMaxCpuidLeaves = 256;   // what KVM takes
constexpr std::uint32_t kMaxMsrs = 4096;         // KVM lists some hundred
constexpr std::size_t kMinXsaveBytes = 4096;     // struct kvm_xsave
constexpr std::size_t kMaxXsaveBytes = 64 << 10; // with AMX it is 11 KiB
constexpr std::uint32_t kMaxApicId = 254;
constexpr std::size_t kMaxVersionBytes = 4096;
constexpr std::size_t kMaxCommandLineBytes = 64 << 10;

std::unexpected<Error> malformed(const std::string& what) {
  return fail(StatusCode::kBadData, "saved machine: malformed state of " + what);
}

void put_vcpu(ByteWriter& out, const VcpuState& vcpu) {
  out.put(vcpu.apic_id);
  out.put(static_cast<std::uint32_t>(vcpu.cpuid.size()));
  for (const kvm_cpuid_entry2& leaf : vcpu.cpuid) {
    put_struct(out, leaf);
  }
  put_struct(out, vcpu.mp_state);
  put_struct(out, vcpu.regs);
  put_struct(out, vcpu.sregs);
  put_bytes(out, vcpu.xsave);
  put_struct(out, vcpu.xcrs);
  put_struct(out, vcpu.debug);
  put_struct(out, vcpu.lapic);
  out.put(static_cast<std::uint32_t>(vcpu.msrs.size()));
  for (const kvm_msr_entry& msr : vcpu.msrs) {
    put_struct(out, msr);
  }
  out.put(vcpu.tsc_offset);
  out.put(vcpu.tsc_deadline);
  put_struct(out, vcpu.events);
}

template <class T> bool get_list(ByteReader& in, std::uint32_t limit, std::vector<T>& list) {
  list.resize(in.count(limit, sizeof(T)));
  for (T& entry : list) {
    if (!get_struct(in, entry)) {
      return false;
    }
  }
  return true;
}

bool get_vcpu(ByteReader& in, VcpuState& vcpu) {
  vcpu.apic_id = in.get<std::uint32_t>();
  if (!get_list(in, kMaxCpuidLeaves, vcpu.cpuid) || !get_struct(in, vcpu.mp_state) ||
      !get_struct(in, vcpu.regs) || !get_struct(in, vcpu.sregs)) {
    return false;
  }
  vcpu.xsave = get_bytes(in, kMaxXsaveBytes);
  if (!get_struct(in, vcpu.xcrs) || !get_struct(in, vcpu.debug) || !get_struct(in, vcpu.lapic) ||
      !get_list(in, kMaxMsrs, vcpu.msrs)) {
    return false;
  }
  vcpu.tsc_offset = in.get<std::uint64_t>();
  vcpu.tsc_deadline = in.get<std::uint64_t>();
  return get_struct(in, vcpu.events) && vcpu.xsave.size() >= kMinXsaveBytes;
}

} // namespace

Bytes encode_vm_state(const VmState& state) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.put(state.tsc_khz);
  out.put(state.clock.ns);
  out.put(state.clock.host_tsc);
  put_struct(out, state.pit);
  for (const kvm_irqchip& chip : state.irqchips) {
    put_struct(out, chip);
  }
  out.put(static_cast<std::uint32_t>(state.vcpus.size()));
  for (const VcpuState& vcpu : state.vcpus) {
    put_vcpu(out, vcpu);
  }
  return bytes;
}

Result<VmState> decode_vm_state(ByteView bytes) {
  ByteReader in(bytes);
  VmState state;
  state.tsc_khz = in.get<std::uint32_t>();
  state.clock.ns = in.get<std::uint64_t>();
  state.clock.host_tsc = in.get<std::uint64_t>();
  bool ok = get_struct(in, state.pit);
  for (kvm_irqchip& chip : state.irqchips) {
    ok = ok && get_struct(in, chip);
  }
  // Each is longer than its fixed structs: the least that a count may promise.
  const std::uint32_t vcpus = in.count(kMaxVcpus, kMinXsaveBytes + sizeof(kvm_lapic_state));
  if (!ok || vcpus == 0) {
    return malformed("the VM");
  }
  std::set<std::uint32_t> apic_ids;
  state.vcpus.resize(vcpus);
  for (std::uint32_t i = 0; i < vcpus; ++i) {
    VcpuState& vcpu = state.vcpus[i];
    if (!get_vcpu(in, vcpu) || vcpu.apic_id > kMaxApicId || !apic_ids.insert(vcpu.apic_id).second ||
        vcpu.xsave.size() != state.vcpus.front().xsave.size()) {
      return malformed("vCPU " + std::to_string(i));
    }
  }
  if (!in.complete()) {
    return malformed("the VM");
  }
  return state;
}

Bytes encode_boot_facts(const BootFacts& facts) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.text(facts.kernel_version);
  out.put(static_cast<std::uint8_t>(facts.vmlinux));
  out.text(facts.command_line);
  return bytes;
}

Result<BootFacts> decode_boot_facts(ByteView bytes) {
  ByteReader in(bytes);
  BootFacts facts;
  facts.kernel_version = in.text(kMaxVersionBytes);
  facts.vmlinux = in.get<std::uint8_t>() != 0;
  facts.command_line = in.text(kMaxCommandLineBytes);
  if (!in.complete()) {
    return malformed("the boot");
  }
  return facts;
}

} // namespace schedrig::kvm

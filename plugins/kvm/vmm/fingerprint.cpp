// SPDX-License-Identifier: MIT
#include "fingerprint.hpp"

#include "acpi/tables.hpp"
#include "apic_layout.hpp"
#include "cpuid/cpuid.hpp"
#include "kvm_ioctl.hpp"
#include "kvm_system.hpp"

namespace schedrig::kvm {

Result<MachineFingerprint> fingerprint(const TopologyView& topology, std::uint64_t memory_bytes,
                                       std::optional<CpuVendor> vendor,
                                       const std::string& kvm_device) {
  const ApicLayout layout = TRY(lay_out_apic_ids(topology));
  const auto node_bytes = TRY(node_memory(topology, memory_bytes));
  const AcpiTables acpi = TRY(build_acpi(topology, layout, node_bytes, kAcpiAddress, kAcpiRoom));
  MachineFingerprint result;
  for (const AcpiTable& table : acpi.tables) {
    const auto bytes = std::as_bytes(std::span(table.bytes));
    result.tables.insert(result.tables.end(), bytes.begin(), bytes.end());
  }
  const UniqueFd kvm = TRY(open_kvm(kvm_device.c_str()));
  const CpuidLeaves supported = TRY(supported_cpuid(kvm.get()));
  result.cpuid = build_cpuid(supported, layout, 0, vendor.value_or(vendor_of(supported)));
  return result;
}

} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// MachineFingerprint: what a guest's kernel finds when it looks at its machine. A machine that was
// saved stands for a boot of any config with the same. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <linux/kvm.h>

#include <schedrig/result.hpp>
#include <schedrig/topology.hpp>

#include "cpuid/vendor.hpp"

namespace schedrig::kvm {

struct MachineFingerprint {
  std::vector<std::byte> tables;       // ACPI: CPUs, nodes, memory, distances
  std::vector<kvm_cpuid_entry2> cpuid; // of the boot CPU
};

// Errors: as Vm::create(), of the topology and the KVM device.
[[nodiscard]] Result<MachineFingerprint> fingerprint(const TopologyView& topology,
                                                     std::uint64_t memory_bytes,
                                                     std::optional<CpuVendor> vendor,
                                                     const std::string& kvm_device = "/dev/kvm");

} // namespace schedrig::kvm

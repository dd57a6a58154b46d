// SPDX-License-Identifier: MIT
// ACPI tables of a machine: RSDP, XSDT, FADT, DSDT, MADT, SRAT, SLIT, built from the topology.
//
// Source: ACPI 6.5, chapters 5.2 and 6. Hardware-reduced ACPI: no SCI, PM timer or PIC, so a
// kernel neither waits for nor polls any of them; poweroff is the sleep control register, reset
// the reset register, both I/O ports of device/power.hpp. CPUs are x2APIC entries.
// Ownership: values. Thread: any (pure).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <schedrig/result.hpp>
#include <schedrig/topology.hpp>

#include "../apic_layout.hpp"
#include "../layout.hpp"

namespace schedrig::kvm {

struct AcpiTable {
  std::string signature; // "APIC" for the MADT
  Gpa address = 0;
  std::vector<std::uint8_t> bytes;
};

struct AcpiTables {
  Gpa rsdp = 0;
  std::vector<AcpiTable> tables; // the RSDP ("RSD PTR ") first
};

// Placed from `address` on, 16-byte aligned, within `room` bytes. Errors: they do not fit; a
// memory-only node in front of a node with CPUs (the kernel numbers nodes with CPUs first, so its
// numbers would differ from the file's).
[[nodiscard]] Result<AcpiTables> build_acpi(const TopologyView& topology, const ApicLayout& layout,
                                            const std::vector<std::uint64_t>& node_memory,
                                            Gpa address, std::uint64_t room);

} // namespace schedrig::kvm

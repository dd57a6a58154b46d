// SPDX-License-Identifier: MIT
// Where things are in the guest's physical address space, I/O ports and GSIs. Constants only.
//
// Low memory is ours until the kernel has copied what it needs from it; everything the kernel
// reads later (ACPI) lies in the range that the e820 map calls reserved.
#pragma once

#include <cstdint>

namespace schedrig::kvm {

using Gpa = std::uint64_t; // guest-physical address

inline constexpr std::uint64_t kPageSize = 4096;

// What the rig boots in tests. APIC ids stay below 255, so plain MSI addresses reach every vCPU.
inline constexpr std::uint32_t kMaxVcpus = 64;

// Below 640 KiB: boot data, as other direct-boot monitors place it.
inline constexpr Gpa kGdtAddress = 0x500;
inline constexpr Gpa kBootParamsAddress = 0x7000;   // one page
inline constexpr Gpa kPageTablesAddress = 0x9000;   // PML4, PDPT, 4 page directories
inline constexpr Gpa kCommandLineAddress = 0x20000; // up to 64 KiB
inline constexpr std::uint64_t kCommandLineRoom = 0x10000;
inline constexpr Gpa kLowMemoryEnd = 0x9fc00; // where a BIOS would keep its data area

// 896 KiB - 1 MiB: where a BIOS keeps its tables; reserved in the e820 map.
inline constexpr Gpa kAcpiAddress = 0xe0000;
inline constexpr std::uint64_t kAcpiRoom = 0x20000;
inline constexpr Gpa kHighMemoryStart = 0x100000;

// 3 GiB to 4 GiB: device memory. RAM lies below and above (ram_layout.hpp).
inline constexpr Gpa kHoleStart = 0xc0000000;
inline constexpr Gpa kHoleEnd = 0x100000000;
inline constexpr Gpa kPciWindowAddress = kHoleStart;
inline constexpr std::uint64_t kPciWindowBytes = 0x10000000;
// Half of what 40 bits of physical address reach, the least that any x86-64 server's CPU has.
inline constexpr std::uint64_t kMaxMemoryBytes = 512ULL << 30;
// The kernel decompresses itself to 16 MiB and needs some 60 MiB there; below this it cannot boot.
inline constexpr std::uint64_t kMinMemoryBytes = 128ULL << 20;

// Fixed by the architecture and the in-kernel irqchip.
inline constexpr Gpa kIoApicAddress = 0xfec00000;
inline constexpr Gpa kLocalApicAddress = 0xfee00000;
// Intel only: three pages for a TSS and one for an identity map, used by KVM for real mode.
inline constexpr Gpa kTssAddress = 0xfffbd000;
inline constexpr Gpa kIdentityMapAddress = 0xfffbc000;

// I/O ports.
inline constexpr std::uint16_t kRtcPort = 0x70;        // 0x70 index, 0x71 data
inline constexpr std::uint16_t kI8042Port = 0x60;      // 0x60 data, 0x64 status/command
inline constexpr std::uint16_t kUartPort = 0x3f8;      // 8 registers
inline constexpr std::uint16_t kPciConfigPort = 0xcf8; // 0xcf8 address, 0xcfc-0xcff data
inline constexpr std::uint16_t kPciIoPort = 0xc000;    // first I/O BAR
// Of the ring, behind the console's BARs.
inline constexpr Gpa kRingBarAddress = kPciWindowAddress + 0x20000;
inline constexpr std::uint16_t kRingIoPort = kPciIoPort + 0x20;
inline constexpr std::uint16_t kPowerPort = 0x600; // sleep control, sleep status, reset

// GSIs 0-23 are the IO-APIC's pins; MSIs follow.
inline constexpr std::uint32_t kIoApicPins = 24;
inline constexpr std::uint32_t kFirstMsiGsi = kIoApicPins;

} // namespace schedrig::kvm

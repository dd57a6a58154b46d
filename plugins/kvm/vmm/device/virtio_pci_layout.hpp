// SPDX-License-Identifier: MIT
// Offsets inside VirtioPci's configuration space and BAR. Constants only; private to the transport
// and its tests. Source: PCI 3.0, 6.1; virtio 1.2, 4.1.4.3 (common configuration).
#pragma once

#include <cstdint>

namespace schedrig::kvm {

// Type 0 header.
inline constexpr std::uint32_t kPciVendor = 0x00;
inline constexpr std::uint32_t kPciCommand = 0x04;
inline constexpr std::uint32_t kPciStatus = 0x06;
inline constexpr std::uint32_t kPciRevision = 0x08;
inline constexpr std::uint32_t kPciBar0 = 0x10; // memory: registers and MSI-X
inline constexpr std::uint32_t kPciBar1 = 0x14; // I/O: doorbells
inline constexpr std::uint32_t kPciSubsystem = 0x2c;
inline constexpr std::uint32_t kPciCapabilities = 0x34;
inline constexpr std::uint32_t kPciInterruptLine = 0x3c;
inline constexpr std::uint32_t kCommandIo = 1U << 0;
inline constexpr std::uint32_t kCommandMemory = 1U << 1;
inline constexpr std::uint32_t kCommandBusMaster = 1U << 2;
inline constexpr std::uint32_t kCommandIntxDisable = 1U << 10;

// Capabilities, in list order.
inline constexpr std::uint32_t kCapCommon = 0x40;
inline constexpr std::uint32_t kCapNotify = 0x50;
inline constexpr std::uint32_t kCapIsr = 0x64;
inline constexpr std::uint32_t kCapDevice = 0x74;
inline constexpr std::uint32_t kCapAccess = 0x84;
inline constexpr std::uint32_t kCapMsix = 0x98;
inline constexpr std::uint32_t kMsixEnable = 1U << 15;
inline constexpr std::uint32_t kMsixFunctionMask = 1U << 14;

// BAR 0: a page for each group, so that the guest could map them apart.
inline constexpr std::uint32_t kBarBytes = 0x8000;
inline constexpr std::uint32_t kBarCommon = 0x0000;
inline constexpr std::uint32_t kBarIsr = 0x1000;
inline constexpr std::uint32_t kBarDevice = 0x2000;
inline constexpr std::uint32_t kBarMsixTable = 0x4000;
inline constexpr std::uint32_t kBarMsixPending = 0x5000;
inline constexpr std::uint32_t kCommonBytes = 0x38;
inline constexpr std::uint32_t kDeviceConfigBytes = 0x40;
inline constexpr std::uint32_t kMsixEntryBytes = 16;
inline constexpr std::uint32_t kMsixTableBytes = 7 * kMsixEntryBytes;

// BAR 1: a doorbell every four bytes. An OUT needs no instruction emulation in KVM, a write to
// memory does; and QEMU's emulated SVM reports memory exits as if in the middle of an interrupt.
inline constexpr std::uint32_t kIoBarBytes = 32;
inline constexpr std::uint32_t kNotifyStride = 4;

// Common configuration registers.
inline constexpr std::uint32_t kCommonDeviceFeatureSelect = 0x00;
inline constexpr std::uint32_t kCommonDeviceFeature = 0x04;
inline constexpr std::uint32_t kCommonDriverFeatureSelect = 0x08;
inline constexpr std::uint32_t kCommonDriverFeature = 0x0c;
inline constexpr std::uint32_t kCommonConfigVector = 0x10;
inline constexpr std::uint32_t kCommonNumQueues = 0x12;
inline constexpr std::uint32_t kCommonStatus = 0x14;
inline constexpr std::uint32_t kCommonQueueSelect = 0x16;
inline constexpr std::uint32_t kCommonQueueSize = 0x18;
inline constexpr std::uint32_t kCommonQueueVector = 0x1a;
inline constexpr std::uint32_t kCommonQueueEnable = 0x1c;
inline constexpr std::uint32_t kCommonQueueNotifyOffset = 0x1e;
inline constexpr std::uint32_t kCommonQueueDescriptors = 0x20;
inline constexpr std::uint32_t kCommonQueueDriver = 0x28;
inline constexpr std::uint32_t kCommonQueueDevice = 0x30;

} // namespace schedrig::kvm

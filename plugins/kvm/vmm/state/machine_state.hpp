// SPDX-License-Identifier: MIT
// MachineState: a machine that stands still, all but its memory: vCPUs, irqchips, timers, clock,
// devices. Plain data; RamImage is the memory that belongs to it. Knows no file.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <linux/kvm.h>

#include "../device/i8042.hpp"
#include "../device/pci.hpp"
#include "../device/ring_pci.hpp"
#include "../device/rtc.hpp"
#include "../device/uart_16550.hpp"
#include "../device/virtio_console.hpp"
#include "../ram_image.hpp"
#include "vcpu_state.hpp"

namespace schedrig::kvm {

// PIC master, PIC slave, IO-APIC.
inline constexpr std::size_t kIrqchips = 3;

struct ClockState {
  std::uint64_t ns = 0;       // what the guest's kvmclock read
  std::uint64_t host_tsc = 0; // at that moment
};

struct VmState {
  std::uint32_t tsc_khz = 0; // of every vCPU
  ClockState clock;
  kvm_pit_state2 pit{};
  std::array<kvm_irqchip, kIrqchips> irqchips{};
  std::vector<VcpuState> vcpus; // the boot CPU first
};

struct RingState {
  PciConfigState config;
  std::vector<std::byte> memory; // SCHEDRIG_RING_REGION_BYTES
};

struct BoardState {
  I8042State i8042;
  PciHostState pci;
  RtcState rtc;
  UartState uart;
  VirtioPciState virtio;
  std::string virtio_failure;
  VirtioConsoleState console;
  std::optional<RingState> ring; // none: the machine has no ring
};

// What the machine was booted with, for reports.
struct BootFacts {
  std::string kernel_version;
  bool vmlinux = false;
  std::string command_line;
};

struct MachineState {
  VmState vm;
  BoardState board;
  BootFacts boot;
};

struct SavedMachine {
  MachineState state;
  RamImage memory;
};

} // namespace schedrig::kvm

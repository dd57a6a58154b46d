// SPDX-License-Identifier: MIT
// What is counted about a running VM: exits by kind, and when boot phases were reached.
//
// Counters are a fixed array, one per vCPU, written by its thread alone (relaxed atomics) and
// summed by whoever asks. Thread: any.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace schedrig::kvm {

enum class ExitKind : std::uint32_t {
  kUart = 0,      // I/O port of the 16550
  kI8042,         // I/O port of the keyboard controller
  kRtc,           // I/O port of the CMOS clock
  kPciConfig,     // I/O ports 0xcf8-0xcff
  kPower,         // ACPI sleep and reset registers
  kUnclaimedPort, // any other I/O port
  kVirtioMmio,    // the virtio BAR (notifications do not exit: ioeventfd)
  kUnclaimedMmio,
  kInterrupted,      // kicked by a signal
  kDeliveryRepeated, // entered again after "MMIO during event delivery" (vcpu.cpp)
  kDebug,            // a watch was hit, or a debug exception of the guest's own
  kShutdown,         // triple fault
  kKvmError,         // failed entry, internal error, failed KVM_RUN
  kOther,
  kCount
};

inline constexpr std::size_t kExitKinds = static_cast<std::size_t>(ExitKind::kCount);

// Stable names for reports: "exits.<name>".
inline constexpr std::array<std::string_view, kExitKinds> kExitNames = {
    "uart",        "i8042",          "rtc",         "pci_config",        "power", "unclaimed_port",
    "virtio_mmio", "unclaimed_mmio", "interrupted", "delivery_repeated", "debug", "shutdown",
    "kvm_error",   "other"};

using ExitCounts = std::array<std::uint64_t, kExitKinds>;

class ExitCounters {
 public:
  void count(ExitKind kind) noexcept {
    auto& counter = counters_[static_cast<std::size_t>(kind)];
    // One writer: no read-modify-write is needed.
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  void add_to(ExitCounts& sums) const noexcept {
    for (std::size_t i = 0; i < kExitKinds; ++i) {
      sums[i] += counters_[i].load(std::memory_order_relaxed);
    }
  }

  // While nobody counts.
  void clear() noexcept {
    for (auto& counter : counters_) {
      counter.store(0, std::memory_order_relaxed);
    }
  }

 private:
  std::array<std::atomic<std::uint64_t>, kExitKinds> counters_{};
};

// Nanoseconds of the host's monotonic clock since Vm::start(); -1: not reached.
struct BootPhases {
  std::int64_t entry_ns = -1;         // the boot CPU is about to run its first instruction
  std::int64_t first_exit_ns = -1;    // the first exit to this process
  std::int64_t first_console_ns = -1; // the first console byte, of either console
  std::int64_t control_open_ns = -1;  // a program in the guest has opened the control port
};

} // namespace schedrig::kvm

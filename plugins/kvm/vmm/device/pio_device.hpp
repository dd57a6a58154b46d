// SPDX-License-Identifier: MIT
// What a device behind I/O ports implements, and how a guest asks to be switched off or reset.
//
// Every value comes from the guest: a device answers any access of 1, 2 or 4 bytes at any of its
// ports. Thread: vCPU threads, one at a time (Board holds the device lock).
#pragma once

#include <cstdint>

namespace schedrig::kvm {

// What the bus gives where nobody answers.
inline constexpr std::uint32_t kNoDevice = 0xffffffff;

class PioDevice {
 public:
  // `offset` counts from the device's first port. Returns the value in the low `bytes` bytes.
  virtual std::uint32_t pio_read(std::uint16_t offset, std::uint32_t bytes) = 0;
  virtual void pio_write(std::uint16_t offset, std::uint32_t bytes, std::uint32_t value) = 0;

 protected:
  ~PioDevice() = default;
};

enum class PowerRequest : std::uint32_t { kPowerOff = 0, kReset = 1 };

class PowerSink {
 public:
  // `how` is a literal: "acpi reset register", "i8042 pulse".
  virtual void power_request(PowerRequest request, const char* how) noexcept = 0;

 protected:
  ~PowerSink() = default;
};

} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// ACPI poweroff and reset.
#include "power.hpp"

namespace schedrig::kvm {

std::uint32_t PowerDevice::pio_read(std::uint16_t /*offset*/, std::uint32_t /*bytes*/) {
  return 0; // nothing pending, never woken
}

void PowerDevice::pio_write(std::uint16_t offset, std::uint32_t /*bytes*/, std::uint32_t value) {
  // Sleep control: SLP_TYP in bits 4:2, SLP_EN bit 5.
  constexpr std::uint32_t kSleepEnable = 1U << 5;
  if (offset == kSleepControlPort - kPowerPort && (value & kSleepEnable) != 0 &&
      (value >> 2U & 7U) == kSleepTypeS5) {
    sink_.power_request(PowerRequest::kPowerOff, "acpi sleep control register");
  } else if (offset == kResetPort - kPowerPort && (value & 0xffU) == kResetValue) {
    sink_.power_request(PowerRequest::kReset, "acpi reset register");
  }
}

} // namespace schedrig::kvm

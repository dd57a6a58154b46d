// SPDX-License-Identifier: MIT
// PowerDevice: the sleep control, sleep status and reset registers of hardware-reduced ACPI.
// Source: ACPI 6.5, 4.8.3.7 (sleep registers) and 4.8.3.6 (reset register).
#pragma once

#include "../layout.hpp"
#include "pio_device.hpp"

namespace schedrig::kvm {

inline constexpr std::uint16_t kSleepControlPort = kPowerPort;
inline constexpr std::uint16_t kSleepStatusPort = kPowerPort + 1;
inline constexpr std::uint16_t kResetPort = kPowerPort + 2;
inline constexpr std::uint16_t kPowerPorts = 3;
inline constexpr std::uint8_t kResetValue = 1;
inline constexpr std::uint8_t kSleepTypeS5 = 5; // what \_S5 says and poweroff writes back

class PowerDevice final : public PioDevice {
 public:
  explicit PowerDevice(PowerSink& sink) noexcept : sink_(sink) {}
  std::uint32_t pio_read(std::uint16_t offset, std::uint32_t bytes) override;
  void pio_write(std::uint16_t offset, std::uint32_t bytes, std::uint32_t value) override;

 private:
  PowerSink& sink_;
};

} // namespace schedrig::kvm

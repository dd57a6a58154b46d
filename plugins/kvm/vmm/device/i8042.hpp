// SPDX-License-Identifier: MIT
// I8042: the keyboard controller's ports, for what kernels use without a keyboard: the reset pulse.
//
// ACPI says that there is none, so nothing probes it; a kernel that pokes it anyway (reboot before
// ACPI is up) gets "input buffer empty" at once instead of 65,536 polls of a floating bus.
#pragma once

#include "pio_device.hpp"

namespace schedrig::kvm {

struct I8042State {
  std::uint8_t output = 0; // the one-byte output buffer
  bool output_full = false;
  std::uint8_t command_byte = 0; // configuration: interrupts off
  bool expects_command_byte = false;
};

class I8042 final : public PioDevice {
 public:
  explicit I8042(PowerSink& sink) noexcept : sink_(sink) {}
  std::uint32_t pio_read(std::uint16_t offset, std::uint32_t bytes) override;
  void pio_write(std::uint16_t offset, std::uint32_t bytes, std::uint32_t value) override;

  [[nodiscard]] const I8042State& state() const noexcept { return state_; }
  void restore(const I8042State& state) noexcept { state_ = state; }

 private:
  void command(std::uint8_t value);
  void answer(std::uint8_t value) noexcept;

  PowerSink& sink_;
  I8042State state_;
};

} // namespace schedrig::kvm

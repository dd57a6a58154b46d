// SPDX-License-Identifier: MIT
// Uart16550: a serial port that transmits at once and receives nothing, for early console and
// panics.
//
// Polled only: it has no interrupt line, and the command line keeps the 8250 driver off it; the
// kernel's early console needs no more. Source: the 16550's register map as in
// include/uapi/linux/serial_reg.h.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "pio_device.hpp"

namespace schedrig::kvm {

struct UartState {
  std::uint8_t interrupt_enable = 0;
  std::uint8_t fifo_control = 0;
  std::uint8_t line_control = 0;
  std::uint8_t modem_control = 0;
  std::uint8_t scratch = 0;
  std::uint16_t divisor = 1; // 115200 baud
  std::uint8_t loopback = 0;
  bool loopback_full = false;
};

class Uart16550 final : public PioDevice {
 public:
  using Transmit = std::function<void(std::uint8_t)>;
  explicit Uart16550(Transmit transmit) : transmit_(std::move(transmit)) {}
  std::uint32_t pio_read(std::uint16_t offset, std::uint32_t bytes) override;
  void pio_write(std::uint16_t offset, std::uint32_t bytes, std::uint32_t value) override;

  [[nodiscard]] const UartState& state() const noexcept { return state_; }
  void restore(const UartState& state) noexcept { state_ = state; }

 private:
  [[nodiscard]] bool divisor_latched() const noexcept;
  [[nodiscard]] std::uint8_t modem_status() const noexcept;
  void transmit_byte(std::uint8_t byte);

  Transmit transmit_;
  UartState state_;
};

} // namespace schedrig::kvm

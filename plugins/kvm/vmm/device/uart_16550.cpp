// SPDX-License-Identifier: MIT
// 16550 registers.
#include "uart_16550.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::uint8_t kLcrDivisorLatch = 0x80;
constexpr std::uint8_t kMcrLoopback = 0x10;
constexpr std::uint8_t kLsrDataReady = 0x01;
constexpr std::uint8_t kLsrTransmitterIdle = 0x60;
constexpr std::uint8_t kIirNoInterrupt = 0x01;
constexpr std::uint8_t kIirFifoEnabled = 0xc0;
constexpr std::uint8_t kFcrEnable = 0x01;
constexpr std::uint8_t kMsrConnected = 0xb0; // carrier, data set ready, clear to send

} // namespace

bool Uart16550::divisor_latched() const noexcept {
  return (state_.line_control & kLcrDivisorLatch) != 0;
}

std::uint8_t Uart16550::modem_status() const noexcept {
  if ((state_.modem_control & kMcrLoopback) == 0) {
    return kMsrConnected;
  }
  // In loopback DTR, RTS, OUT1, OUT2 come back as DSR, CTS, RI, DCD.
  const std::uint32_t mcr = state_.modem_control;
  return static_cast<std::uint8_t>((mcr & 1U) << 5U | (mcr & 2U) << 3U | (mcr & 4U) << 4U |
                                   (mcr & 8U) << 4U);
}

std::uint32_t Uart16550::pio_read(std::uint16_t offset, std::uint32_t /*bytes*/) {
  switch (offset) {
  case 0:
    if (divisor_latched()) {
      return state_.divisor & 0xffU;
    }
    state_.loopback_full = false;
    return state_.loopback;
  case 1:
    return divisor_latched() ? state_.divisor >> 8U : state_.interrupt_enable;
  case 2:
    return (state_.fifo_control & kFcrEnable) != 0 ? kIirFifoEnabled | kIirNoInterrupt
                                                   : kIirNoInterrupt;
  case 3:
    return state_.line_control;
  case 4:
    return state_.modem_control;
  case 5:
    return state_.loopback_full ? kLsrTransmitterIdle | kLsrDataReady : kLsrTransmitterIdle;
  case 6:
    return modem_status();
  case 7:
    return state_.scratch;
  default:
    return kNoDevice;
  }
}

void Uart16550::pio_write(std::uint16_t offset, std::uint32_t /*bytes*/, std::uint32_t value) {
  const auto byte = static_cast<std::uint8_t>(value);
  switch (offset) {
  case 0:
    if (divisor_latched()) {
      state_.divisor = static_cast<std::uint16_t>((state_.divisor & 0xff00U) | byte);
    } else {
      transmit_byte(byte);
    }
    break;
  case 1:
    if (divisor_latched()) {
      state_.divisor =
          static_cast<std::uint16_t>((state_.divisor & 0xffU) | static_cast<unsigned>(byte) << 8U);
    } else {
      state_.interrupt_enable = byte & 0x0fU;
    }
    break;
  case 2:
    state_.fifo_control = byte;
    break;
  case 3:
    state_.line_control = byte;
    break;
  case 4:
    state_.modem_control = byte & 0x1fU;
    break;
  case 7:
    state_.scratch = byte;
    break;
  default:
    break;
  }
}

void Uart16550::transmit_byte(std::uint8_t byte) {
  if ((state_.modem_control & kMcrLoopback) != 0) {
    state_.loopback = byte;
    state_.loopback_full = true;
  } else {
    transmit_(byte);
  }
}

} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// MC146818 register reads.
#include "rtc.hpp"

namespace schedrig::kvm {
namespace {

std::uint8_t bcd(int value) {
  return static_cast<std::uint8_t>((value / 10 % 10) << 4 | value % 10);
}

} // namespace

std::uint8_t Rtc::read_register(std::uint8_t index) const {
  const std::time_t now = clock_();
  std::tm time{};
  ::gmtime_r(&now, &time);
  switch (index) {
  case 0x00:
    return bcd(time.tm_sec);
  case 0x02:
    return bcd(time.tm_min);
  case 0x04:
    return bcd(time.tm_hour);
  case 0x06:
    return bcd(time.tm_wday + 1);
  case 0x07:
    return bcd(time.tm_mday);
  case 0x08:
    return bcd(time.tm_mon + 1);
  case 0x09:
    return bcd(time.tm_year % 100);
  case 0x0a:
    return 0x26; // 32.768 kHz time base, no update in progress
  case 0x0b:
    return 0x02; // 24 hours, BCD, interrupts off
  case 0x0c:
    return 0x00; // no interrupt pending
  case 0x0d:
    return 0x80; // battery good
  case 0x32:
    return bcd((time.tm_year + 1900) / 100);
  default:
    return state_.ram[index];
  }
}

std::uint32_t Rtc::pio_read(std::uint16_t offset, std::uint32_t /*bytes*/) {
  return offset == 1 ? read_register(state_.index) : kNoDevice;
}

void Rtc::pio_write(std::uint16_t offset, std::uint32_t /*bytes*/, std::uint32_t value) {
  if (offset == 0) {
    state_.index = static_cast<std::uint8_t>(value & 0x7fU); // bit 7 is the NMI mask
  } else {
    state_.ram[state_.index] = static_cast<std::uint8_t>(value);
  }
}

} // namespace schedrig::kvm

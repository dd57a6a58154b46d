// SPDX-License-Identifier: MIT
// Just enough of an 8042 to answer a probe and to reset.
#include "i8042.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::uint16_t kDataOffset = 0;    // port 0x60
constexpr std::uint16_t kCommandOffset = 4; // port 0x64
constexpr std::uint32_t kStatusOutputFull = 1U << 0;

} // namespace

std::uint32_t I8042::pio_read(std::uint16_t offset, std::uint32_t /*bytes*/) {
  if (offset == kCommandOffset) {
    return state_.output_full ? kStatusOutputFull : 0;
  }
  if (offset == kDataOffset) {
    state_.output_full = false;
    return state_.output;
  }
  return kNoDevice;
}

void I8042::pio_write(std::uint16_t offset, std::uint32_t /*bytes*/, std::uint32_t value) {
  const auto byte = static_cast<std::uint8_t>(value);
  if (offset == kCommandOffset) {
    command(byte);
  } else if (offset == kDataOffset && state_.expects_command_byte) {
    state_.command_byte = byte;
    state_.expects_command_byte = false;
  }
}

void I8042::command(std::uint8_t value) {
  constexpr std::uint8_t kReadCommandByte = 0x20;
  constexpr std::uint8_t kWriteCommandByte = 0x60;
  constexpr std::uint8_t kSelfTest = 0xaa;
  constexpr std::uint8_t kSelfTestPassed = 0x55;
  constexpr std::uint8_t kTestPort = 0xab;
  constexpr std::uint8_t kTestAuxPort = 0xa9;
  constexpr std::uint8_t kPortStuck = 0x01; // any non-zero result: no device on that port
  constexpr std::uint8_t kPulseReset = 0xfe;
  switch (value) {
  case kReadCommandByte:
    answer(state_.command_byte);
    break;
  case kWriteCommandByte:
    state_.expects_command_byte = true;
    break;
  case kSelfTest:
    answer(kSelfTestPassed);
    break;
  case kTestPort:
  case kTestAuxPort:
    answer(kPortStuck);
    break;
  case kPulseReset:
    sink_.power_request(PowerRequest::kReset, "i8042 reset pulse");
    break;
  default:
    break;
  }
}

void I8042::answer(std::uint8_t value) noexcept {
  state_.output = value;
  state_.output_full = true;
}

} // namespace schedrig::kvm

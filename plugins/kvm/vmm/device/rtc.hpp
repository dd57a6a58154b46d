// SPDX-License-Identifier: MIT
// Rtc: the MC146818 clock's registers, read-only, from the host's wall clock in UTC.
//
// ACPI says that there is none (wall time comes from kvmclock); SMP start-up and early code still
// touch it, and a floating bus would look like an update that never ends.
#pragma once

#include <array>
#include <cstdint>
#include <ctime>

#include "pio_device.hpp"

namespace schedrig::kvm {

struct RtcState {
  std::uint8_t index = 0;
  std::array<std::uint8_t, 128> ram{}; // what the guest wrote; clock registers are computed
};

class Rtc final : public PioDevice {
 public:
  using Clock = std::time_t (*)();
  explicit Rtc(Clock clock) noexcept : clock_(clock) {}
  std::uint32_t pio_read(std::uint16_t offset, std::uint32_t bytes) override;
  void pio_write(std::uint16_t offset, std::uint32_t bytes, std::uint32_t value) override;

  [[nodiscard]] const RtcState& state() const noexcept { return state_; }
  void restore(const RtcState& state) noexcept { state_ = state; }

 private:
  [[nodiscard]] std::uint8_t read_register(std::uint8_t index) const;

  Clock clock_;
  RtcState state_;
};

} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// PciHost: a one-bus PCI host bridge behind ports 0xcf8-0xcff (configuration mechanism 1), and what
// a PCI function implements.
//
// Slot 0 is the bridge itself, slots 1.. are functions given by the owner. Source: PCI Local Bus
// 3.0, 3.2.2.3.2. Thread: vCPU threads, one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "../layout.hpp"
#include "pio_device.hpp"

namespace schedrig::kvm {

inline constexpr std::size_t kPciConfigBytes = 256;

// Configuration space as bytes with a mask of what the guest may change.
struct PciConfigState {
  std::array<std::uint8_t, kPciConfigBytes> bytes{};
  std::array<std::uint8_t, kPciConfigBytes> writable{};

  // Little-endian; requires offset + bytes <= 256 (PciHost never passes anything else).
  [[nodiscard]] std::uint32_t read(std::uint32_t offset, std::uint32_t count) const noexcept;
  void write(std::uint32_t offset, std::uint32_t count, std::uint32_t value) noexcept;
  // Sets a value the guest sees, writable bits included.
  void set(std::uint32_t offset, std::uint32_t count, std::uint32_t value) noexcept;
  void allow(std::uint32_t offset, std::uint32_t count, std::uint32_t mask) noexcept;
};

class PciFunction {
 public:
  virtual std::uint32_t config_read(std::uint32_t offset, std::uint32_t bytes) = 0;
  virtual void config_write(std::uint32_t offset, std::uint32_t bytes, std::uint32_t value) = 0;
  // The memory BAR, as [start, start + size); size 0 when decoding is off.
  struct Window {
    Gpa start = 0;
    std::uint64_t size = 0;
  };
  [[nodiscard]] virtual Window window() const noexcept = 0;
  // Accesses inside window(): offset + bytes <= window().size, bytes 1, 2, 4 or 8.
  virtual std::uint64_t mmio_read(std::uint64_t offset, std::uint32_t bytes) = 0;
  virtual void mmio_write(std::uint64_t offset, std::uint32_t bytes, std::uint64_t value) = 0;

 protected:
  ~PciFunction() = default;
};

struct PciHostState {
  std::uint32_t address = 0; // what was last written to 0xcf8
};

class PciHost final : public PioDevice {
 public:
  // Functions take slots 1, 2, ... and must outlive the bridge.
  explicit PciHost(std::vector<PciFunction*> functions);
  std::uint32_t pio_read(std::uint16_t offset, std::uint32_t bytes) override;
  void pio_write(std::uint16_t offset, std::uint32_t bytes, std::uint32_t value) override;

  // False when no function decodes all of [gpa, gpa + bytes).
  [[nodiscard]] bool mmio_read(Gpa gpa, std::uint32_t bytes, std::uint64_t& value);
  [[nodiscard]] bool mmio_write(Gpa gpa, std::uint32_t bytes, std::uint64_t value);

  [[nodiscard]] const PciHostState& state() const noexcept { return state_; }
  void restore(const PciHostState& state) noexcept { state_ = state; }

 private:
  [[nodiscard]] PciFunction* decode(Gpa gpa, std::uint32_t bytes) const noexcept;

  std::vector<PciFunction*> functions_;
  PciConfigState bridge_;
  PciHostState state_;
};

} // namespace schedrig::kvm

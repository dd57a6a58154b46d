// SPDX-License-Identifier: MIT
// RingPci: the submission ring (schedrig/ring.h) as a PCI function: BAR 0 is the ring's memory,
// BAR 1 an I/O port that is its doorbell. Configuration space only; the memory and the doorbell are
// the RingBackend's, so that accesses to them do not end up here.
//
// Source: PCI Local Bus 3.0, 6.1. Thread: the holder of the device lock.
#pragma once

#include <cstdint>

#include "pci.hpp"

namespace schedrig::kvm {

// 0x1234 is nobody's: emulators use it for devices of their own. The class is that of a RAM
// controller, which no driver of Linux binds to.
inline constexpr std::uint16_t kRingVendor = 0x1234;
inline constexpr std::uint16_t kRingDevice = 0x5247;
inline constexpr std::uint32_t kRingClass = 0x050000;
// The region of ring.h, and zeros up to the power of two that a BAR is.
inline constexpr std::uint32_t kRingBarBytes = 128 * 1024;
inline constexpr std::uint32_t kRingIoBarBytes = 4;

// What the function needs of the VM. Implemented with a memory slot and an ioeventfd.
class RingBackend {
 public:
  // Where the guest sees the memory; 0: nowhere.
  virtual void map_memory(Gpa start) noexcept = 0;
  // OUTs to the port, of any width, ring the doorbell; 0 unmaps.
  virtual void map_doorbell(std::uint16_t port) noexcept = 0;

 protected:
  ~RingBackend() = default;
};

class RingPci final : public PciFunction {
 public:
  // Decoding is on from the start, as firmware would leave it: nothing in the guest has to enable
  // the function before a program maps the BAR.
  RingPci(RingBackend& backend, Gpa bar_address, std::uint16_t io_port);

  std::uint32_t config_read(std::uint32_t offset, std::uint32_t bytes) override;
  void config_write(std::uint32_t offset, std::uint32_t bytes, std::uint32_t value) override;
  // None: accesses to the memory are the guest's own.
  [[nodiscard]] Window window() const noexcept override { return {}; }
  std::uint64_t mmio_read(std::uint64_t /*offset*/, std::uint32_t /*bytes*/) override { return 0; }
  void mmio_write(std::uint64_t /*offset*/, std::uint32_t /*bytes*/,
                  std::uint64_t /*value*/) override {}

  // Tells the backend where the BARs are; after the backend has been set up.
  void map();
  [[nodiscard]] const PciConfigState& state() const noexcept { return config_; }
  void restore(const PciConfigState& state);

 private:
  RingBackend& backend_;
  PciConfigState config_;
};

} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// VirtioPci: the modern virtio-over-PCI transport: configuration space, capabilities, the register
// BAR, MSI-X. Knows nothing of what the device does; the device is a VirtioDevice.
//
// Source: virtio 1.2, 4.1 (PCI bus); PCI 3.0, 6.8.2 (MSI-X). Thread: the holder of the device
// lock. Errors of the host's side (irqfd, ioeventfd) are the PciBackend's to keep and report.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "../guest_memory.hpp"
#include "pci.hpp"
#include "virtqueue.hpp"

namespace schedrig::kvm {

inline constexpr std::uint16_t kMaxVirtioQueues = 6;
inline constexpr std::uint16_t kMsixVectors = kMaxVirtioQueues + 1; // one per queue, one for config

struct MsixEntry {
  std::uint64_t address = 0;
  std::uint32_t data = 0;
  std::uint32_t control = 1; // masked

  [[nodiscard]] bool masked() const noexcept { return (control & 1U) != 0; }
};

// What the transport needs of the VM. Implemented with irqfd, ioeventfd and GSI routes.
class PciBackend {
 public:
  virtual void route_msi(std::uint16_t vector, std::uint64_t address,
                         std::uint32_t data) noexcept = 0;
  // All at once: no masked entry has a route.
  virtual void route_msis(std::span<const MsixEntry> entries) noexcept = 0;
  virtual void raise_msi(std::uint16_t vector) noexcept = 0;
  // OUTs to port first_port + 4 * queue, of any width, ring doorbell `queue`; 0 unmaps.
  virtual void map_doorbells(std::uint16_t first_port) noexcept = 0;
  virtual void ring_doorbell(std::uint16_t queue) noexcept = 0;

 protected:
  ~PciBackend() = default;
};

class VirtioDevice {
 public:
  [[nodiscard]] virtual std::uint64_t features() const noexcept = 0; // without VERSION_1
  [[nodiscard]] virtual std::uint16_t queue_count() const noexcept = 0;
  // The device-specific configuration; offset + 1 may be anything.
  [[nodiscard]] virtual std::uint8_t read_config(std::uint32_t offset) const noexcept = 0;
  // The driver wrote status 0: forget everything about it.
  virtual void reset() noexcept = 0;

 protected:
  ~VirtioDevice() = default;
};

struct VirtioPciState {
  PciConfigState config;
  std::uint32_t device_feature_select = 0;
  std::uint32_t driver_feature_select = 0;
  std::uint64_t driver_features = 0;
  std::uint16_t config_vector = kNoVector;
  std::uint16_t queue_select = 0;
  std::uint8_t status = 0;
  std::uint8_t interrupt_status = 0;
  std::array<VirtqueueState, kMaxVirtioQueues> queues;
  std::array<MsixEntry, kMsixVectors> msix;
  std::uint32_t msix_pending = 0; // one bit per vector
  std::uint16_t doorbells = 0;    // port where they are mapped, 0: nowhere
};

class VirtioPci final : public PciFunction {
 public:
  // `device_id` is virtio's number (3: console); the BARs start out where they are told.
  VirtioPci(const GuestMemory& memory, PciBackend& backend, VirtioDevice& device,
            std::uint16_t device_id, std::uint32_t class_code, Gpa bar_address,
            std::uint16_t io_port);

  std::uint32_t config_read(std::uint32_t offset, std::uint32_t bytes) override;
  void config_write(std::uint32_t offset, std::uint32_t bytes, std::uint32_t value) override;
  [[nodiscard]] Window window() const noexcept override;
  std::uint64_t mmio_read(std::uint64_t offset, std::uint32_t bytes) override;
  void mmio_write(std::uint64_t offset, std::uint32_t bytes, std::uint64_t value) override;

  // Null unless the driver runs and has enabled this queue.
  [[nodiscard]] VirtqueueState* live_queue(std::uint16_t index) noexcept;
  // Tells the driver that chains were given back, unless it asked not to be told.
  void interrupt(std::uint16_t queue) noexcept;
  // The driver broke the protocol: the device stops until it is reset. The first reason is kept.
  void fail_device(const std::string& reason);
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
  [[nodiscard]] const GuestMemory& memory() const noexcept { return memory_; }

  [[nodiscard]] const VirtioPciState& state() const noexcept { return state_; }
  // Routes and doorbells as the state has them; the device's own state is its own to restore.
  // kBadData: queues that no driver could have enabled.
  [[nodiscard]] Result<> restore(const VirtioPciState& state, std::string failure);

 private:
  void add_capabilities();
  [[nodiscard]] std::uint32_t read_common(std::uint64_t offset) const noexcept;
  void write_common(std::uint64_t offset, std::uint32_t bytes, std::uint32_t value);
  void write_queue_register(std::uint64_t offset, std::uint32_t value);
  void write_status(std::uint8_t value);
  void reset();
  [[nodiscard]] std::uint32_t read_msix(std::uint64_t offset) const noexcept;
  void write_msix(std::uint64_t offset, std::uint32_t value);
  [[nodiscard]] bool vector_masked(std::uint16_t vector) const noexcept;
  void deliver(std::uint16_t vector) noexcept;
  void deliver_unmasked() noexcept;
  void update_doorbells();

  const GuestMemory& memory_;
  PciBackend& backend_;
  VirtioDevice& device_;
  VirtioPciState state_;
  std::string failure_;
};

} // namespace schedrig::kvm

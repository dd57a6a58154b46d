// SPDX-License-Identifier: MIT
// KvmPciBackend: MSI-X vectors as irqfds, doorbells as ioeventfds, of one virtio function.
//
// Failures cannot be told to the guest: the first one is kept for the device thread to report.
// Thread: the holder of the device lock; doorbell_fd() of any.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include <schedrig/result.hpp>

#include "device/virtio_pci.hpp"
#include "unique_fd.hpp"

namespace schedrig::kvm {

class KvmPciBackend final : public PciBackend {
 public:
  // `vm_fd` must outlive it. Requires the in-kernel irqchip to exist.
  [[nodiscard]] Result<> init(int vm_fd);

  void route_msi(std::uint16_t vector, std::uint64_t address, std::uint32_t data) noexcept override;
  void route_msis(std::span<const MsixEntry> entries) noexcept override;
  void raise_msi(std::uint16_t vector) noexcept override;
  void map_doorbells(std::uint16_t first_port) noexcept override;
  void ring_doorbell(std::uint16_t queue) noexcept override;

  // Interrupts that were raised are in the vCPUs' state when it returns.
  [[nodiscard]] Result<> drain() const;

  // Readable when the guest has notified the queue.
  [[nodiscard]] int doorbell_fd(std::uint16_t queue) const noexcept {
    return doorbells_[queue].get();
  }
  [[nodiscard]] std::optional<Error> take_error() noexcept;

 private:
  [[nodiscard]] Result<> set_irqfd(std::uint16_t vector, bool assign) const;
  [[nodiscard]] Result<> set_routes() const;
  [[nodiscard]] Result<> set_doorbell(std::uint16_t queue, std::uint16_t first_port,
                                      bool assign) const;
  void keep(Result<> result) noexcept;

  struct Route {
    std::uint64_t address = 0;
    std::uint32_t data = 0;
    bool used = false;
    friend bool operator==(const Route&, const Route&) = default;
  };

  int vm_fd_ = -1;
  std::array<UniqueFd, kMsixVectors> interrupts_;
  std::array<UniqueFd, kMaxVirtioQueues> doorbells_;
  std::array<Route, kMsixVectors> routes_;
  std::uint16_t mapped_ = 0; // first port, 0: none
  std::optional<Error> error_;
};

} // namespace schedrig::kvm

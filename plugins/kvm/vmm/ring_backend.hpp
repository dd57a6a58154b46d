// SPDX-License-Identifier: MIT
// KvmRingBackend: the submission ring's memory, as a memory slot of the VM, and its doorbell, an
// ioeventfd at an I/O port.
//
// The memory is this device's own and no part of the guest's RAM: it is saved with the devices.
// Failures cannot be told to the guest: the first one is kept for the device thread to report.
// Ownership: memory and eventfd. Thread: the holder of the device lock; memory() and doorbell_fd()
// of any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <schedrig/result.hpp>

#include "device/ring_pci.hpp"
#include "unique_fd.hpp"

namespace schedrig::kvm {

class KvmRingBackend final : public RingBackend {
 public:
  KvmRingBackend() = default;
  ~KvmRingBackend();
  KvmRingBackend(const KvmRingBackend&) = delete;
  KvmRingBackend& operator=(const KvmRingBackend&) = delete;

  // A ring that runs and is empty, mapped nowhere. `vm_fd` must outlive it. Errors: mmap, eventfd.
  [[nodiscard]] Result<> init(int vm_fd);

  void map_memory(Gpa start) noexcept override;
  void map_doorbell(std::uint16_t port) noexcept override;

  // SCHEDRIG_RING_REGION_BYTES; the guest writes to it at any time. Empty before init().
  [[nodiscard]] std::span<std::byte> memory() const noexcept;
  [[nodiscard]] int doorbell_fd() const noexcept { return doorbell_.get(); }

  // Of a machine that stands still.
  [[nodiscard]] std::vector<std::byte> save() const;
  // Rings the doorbell if somebody may have rung it before. kBadData: of another size.
  [[nodiscard]] Result<> restore(std::span<const std::byte> saved);

  [[nodiscard]] std::optional<Error> take_error() noexcept;

 private:
  void set_slot(Gpa start, std::uint64_t bytes) noexcept;
  void set_doorbell(std::uint16_t port, bool assign) noexcept;
  void keep(Result<> result) noexcept;

  int vm_fd_ = -1;
  std::byte* memory_ = nullptr; // kRingBarBytes
  UniqueFd doorbell_;
  Gpa mapped_ = 0;         // 0: nowhere
  std::uint16_t port_ = 0; // the same
  std::optional<Error> error_;
};

} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// virtio-pci: the MSI-X table, masks, pending bits and delivery.
#include "virtio_pci.hpp"
#include "virtio_pci_layout.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::uint32_t kEntryMasked = 1U << 0;
constexpr std::uint8_t kInterruptQueue = 1;

constexpr std::uint32_t kWordAddressLow = 0;
constexpr std::uint32_t kWordAddressHigh = 1;
constexpr std::uint32_t kWordData = 2;

} // namespace

std::uint32_t VirtioPci::read_msix(std::uint64_t offset) const noexcept {
  const std::uint64_t index = offset / kMsixEntryBytes;
  if (index >= state_.msix.size()) {
    return 0;
  }
  const MsixEntry& entry = state_.msix[index];
  switch (offset % kMsixEntryBytes / 4) {
  case kWordAddressLow:
    return static_cast<std::uint32_t>(entry.address);
  case kWordAddressHigh:
    return static_cast<std::uint32_t>(entry.address >> 32U);
  case kWordData:
    return entry.data;
  default:
    return entry.control;
  }
}

void VirtioPci::write_msix(std::uint64_t offset, std::uint32_t value) {
  const std::uint64_t index = offset / kMsixEntryBytes;
  if (index >= state_.msix.size()) {
    return;
  }
  MsixEntry& entry = state_.msix[index];
  const MsixEntry before = entry;
  switch (offset % kMsixEntryBytes / 4) {
  case kWordAddressLow:
    entry.address = (entry.address & 0xffffffff00000000ULL) | value;
    break;
  case kWordAddressHigh:
    entry.address = (entry.address & 0xffffffffULL) | std::uint64_t{value} << 32U;
    break;
  case kWordData:
    entry.data = value;
    break;
  default:
    entry.control = value & kEntryMasked;
    break;
  }
  // A route costs a rebuild of KVM's whole table: only when an entry becomes live or changes
  // while it is.
  const bool moved = entry.address != before.address || entry.data != before.data;
  if (!entry.masked() && (before.masked() || moved)) {
    backend_.route_msi(static_cast<std::uint16_t>(index), entry.address, entry.data);
    deliver_unmasked();
  }
}

bool VirtioPci::vector_masked(std::uint16_t vector) const noexcept {
  const std::uint32_t control = state_.config.read(kCapMsix + 2, 2);
  return (control & kMsixFunctionMask) != 0 || state_.msix[vector].masked();
}

void VirtioPci::deliver(std::uint16_t vector) noexcept {
  if (vector >= kMsixVectors || (state_.config.read(kCapMsix + 2, 2) & kMsixEnable) == 0) {
    return;
  }
  if (vector_masked(vector)) {
    state_.msix_pending |= 1U << vector;
  } else {
    backend_.raise_msi(vector);
  }
}

void VirtioPci::deliver_unmasked() noexcept {
  if (state_.msix_pending == 0) {
    return;
  }
  for (std::uint16_t vector = 0; vector < kMsixVectors; ++vector) {
    if ((state_.msix_pending & 1U << vector) != 0 && !vector_masked(vector)) {
      state_.msix_pending &= ~(1U << vector);
      backend_.raise_msi(vector);
    }
  }
}

void VirtioPci::interrupt(std::uint16_t queue) noexcept {
  VirtqueueState* state = live_queue(queue);
  if (state != nullptr && wants_interrupt(memory_, *state)) {
    state_.interrupt_status |= kInterruptQueue;
    deliver(state->vector);
  }
}

} // namespace schedrig::kvm

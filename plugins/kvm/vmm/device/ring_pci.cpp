// SPDX-License-Identifier: MIT
#include "ring_pci.hpp"

#include "virtio_pci_layout.hpp"

namespace schedrig::kvm {

RingPci::RingPci(RingBackend& backend, Gpa bar_address, std::uint16_t io_port) : backend_(backend) {
  config_.set(kPciVendor, 4, std::uint32_t{kRingDevice} << 16U | kRingVendor);
  config_.set(kPciCommand, 2, kCommandIo | kCommandMemory);
  config_.allow(kPciCommand, 2, kCommandIo | kCommandMemory | kCommandIntxDisable);
  config_.set(kPciRevision, 4, kRingClass << 8U | 1U);
  config_.set(kPciBar0, 4, static_cast<std::uint32_t>(bar_address));
  config_.allow(kPciBar0, 4, ~(kRingBarBytes - 1));
  config_.set(kPciBar1, 4, io_port | 1U); // bit 0: I/O space
  config_.allow(kPciBar1, 2, ~(kRingIoBarBytes - 1));
  config_.set(kPciSubsystem, 4, std::uint32_t{kRingDevice} << 16U | kRingVendor);
  config_.allow(kPciInterruptLine, 1, 0xff);
}

std::uint32_t RingPci::config_read(std::uint32_t offset, std::uint32_t bytes) {
  return config_.read(offset, bytes);
}

void RingPci::config_write(std::uint32_t offset, std::uint32_t bytes, std::uint32_t value) {
  config_.write(offset, bytes, value);
  map();
}

// A BAR outside of what the bridge decodes, where it would lie over RAM, is nowhere. While the
// guest sizes its BARs, decoding is off.
void RingPci::map() {
  const std::uint32_t command = config_.read(kPciCommand, 2);
  const Gpa start = config_.read(kPciBar0, 4);
  const bool within =
      start >= kPciWindowAddress && start - kPciWindowAddress <= kPciWindowBytes - kRingBarBytes;
  backend_.map_memory((command & kCommandMemory) != 0 && within ? start : 0);
  const std::uint32_t port = config_.read(kPciBar1, 2) & ~(kRingIoBarBytes - 1);
  backend_.map_doorbell(static_cast<std::uint16_t>((command & kCommandIo) != 0 ? port : 0));
}

void RingPci::restore(const PciConfigState& state) {
  config_ = state;
  map();
}

} // namespace schedrig::kvm

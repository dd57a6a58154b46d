// SPDX-License-Identifier: MIT
// PCI configuration mechanism 1 and memory decoding.
#include "pci.hpp"

#include <utility>

namespace schedrig::kvm {
namespace {

constexpr std::uint32_t kAddressEnable = 1U << 31;
// Bits 30 to 24 are reserved (PCI 3.0, 3.2.2.3.2). Some chipsets take the upper bits of an extended
// register there; whoever ignored them would show the first registers once more in their place.
constexpr std::uint32_t kAddressReserved = 0x7f000000;
constexpr std::uint16_t kDataOffset = 4; // 0xcfc - 0xcf8

struct ConfigAddress {
  bool enabled;
  std::uint32_t bus;
  std::uint32_t slot;
  std::uint32_t function;
  std::uint32_t offset; // of the dword
};

ConfigAddress decode_address(std::uint32_t value) {
  return {.enabled = (value & (kAddressEnable | kAddressReserved)) == kAddressEnable,
          .bus = value >> 16U & 0xffU,
          .slot = value >> 11U & 0x1fU,
          .function = value >> 8U & 7U,
          .offset = value & 0xfcU};
}

} // namespace

std::uint32_t PciConfigState::read(std::uint32_t offset, std::uint32_t count) const noexcept {
  std::uint32_t value = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    value |= static_cast<std::uint32_t>(bytes[offset + i]) << (8 * i);
  }
  return value;
}

void PciConfigState::write(std::uint32_t offset, std::uint32_t count,
                           std::uint32_t value) noexcept {
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t mask = writable[offset + i];
    bytes[offset + i] =
        static_cast<std::uint8_t>((bytes[offset + i] & ~mask) | (value >> (8 * i) & mask));
  }
}

void PciConfigState::set(std::uint32_t offset, std::uint32_t count, std::uint32_t value) noexcept {
  for (std::uint32_t i = 0; i < count; ++i) {
    bytes[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
}

void PciConfigState::allow(std::uint32_t offset, std::uint32_t count, std::uint32_t mask) noexcept {
  for (std::uint32_t i = 0; i < count; ++i) {
    writable[offset + i] = static_cast<std::uint8_t>(mask >> (8 * i));
  }
}

PciHost::PciHost(std::vector<PciFunction*> functions) : functions_(std::move(functions)) {
  // Red Hat's generic host bridge: an id that no quirk of the kernel is keyed on. Class 0x0600
  // (host bridge) on bus 0 is what Linux's sanity check of mechanism 1 looks for.
  bridge_.set(0x00, 4, 0x00081b36);
  bridge_.set(0x08, 4, 0x06000000);
}

std::uint32_t PciHost::pio_read(std::uint16_t offset, std::uint32_t bytes) {
  if (offset < kDataOffset) {
    return offset == 0 && bytes == 4 ? state_.address : kNoDevice;
  }
  const ConfigAddress at = decode_address(state_.address);
  const std::uint32_t lane = offset - kDataOffset;
  if (!at.enabled || at.bus != 0 || at.function != 0 || lane + bytes > 4) {
    return kNoDevice;
  }
  if (at.slot == 0) {
    return bridge_.read(at.offset + lane, bytes);
  }
  if (at.slot <= functions_.size()) {
    return functions_[at.slot - 1]->config_read(at.offset + lane, bytes);
  }
  return kNoDevice;
}

void PciHost::pio_write(std::uint16_t offset, std::uint32_t bytes, std::uint32_t value) {
  if (offset < kDataOffset) {
    if (offset == 0 && bytes == 4) {
      state_.address = value;
    }
    return;
  }
  const ConfigAddress at = decode_address(state_.address);
  const std::uint32_t lane = offset - kDataOffset;
  if (!at.enabled || at.bus != 0 || at.function != 0 || lane + bytes > 4 || at.slot == 0 ||
      at.slot > functions_.size()) {
    return;
  }
  functions_[at.slot - 1]->config_write(at.offset + lane, bytes, value);
}

PciFunction* PciHost::decode(Gpa gpa, std::uint32_t bytes) const noexcept {
  for (PciFunction* function : functions_) {
    const PciFunction::Window window = function->window();
    if (window.size != 0 && gpa >= window.start && gpa - window.start <= window.size - bytes) {
      return function;
    }
  }
  return nullptr;
}

bool PciHost::mmio_read(Gpa gpa, std::uint32_t bytes, std::uint64_t& value) {
  PciFunction* function = decode(gpa, bytes);
  if (function == nullptr) {
    return false;
  }
  value = function->mmio_read(gpa - function->window().start, bytes);
  return true;
}

bool PciHost::mmio_write(Gpa gpa, std::uint32_t bytes, std::uint64_t value) {
  PciFunction* function = decode(gpa, bytes);
  if (function == nullptr) {
    return false;
  }
  function->mmio_write(gpa - function->window().start, bytes, value);
  return true;
}

} // namespace schedrig::kvm

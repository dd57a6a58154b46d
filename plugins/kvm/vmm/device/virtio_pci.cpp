// SPDX-License-Identifier: MIT
// virtio-pci: configuration space and the register BAR. MSI-X is in virtio_pci_msix.cpp.
#include "virtio_pci.hpp"

#include "virtio_pci_layout.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::uint64_t kVersion1 = 1ULL << 32;
constexpr std::uint8_t kStatusFeaturesOk = 8;
constexpr std::uint8_t kStatusDriverOk = 4;
constexpr std::uint8_t kStatusNeedsReset = 64;
constexpr std::uint8_t kStatusFailed = 128;
constexpr std::uint8_t kInterruptConfig = 2;

constexpr std::uint64_t low32(std::uint64_t old, std::uint32_t value) {
  return (old & 0xffffffff00000000ULL) | value;
}
constexpr std::uint64_t high32(std::uint64_t old, std::uint32_t value) {
  return (old & 0xffffffffULL) | std::uint64_t{value} << 32U;
}

} // namespace

VirtioPci::VirtioPci(const GuestMemory& memory, PciBackend& backend, VirtioDevice& device,
                     std::uint16_t device_id, std::uint32_t class_code, Gpa bar_address,
                     std::uint16_t io_port)
    : memory_(memory), backend_(backend), device_(device) {
  PciConfigState& config = state_.config;
  const std::uint32_t id = 0x1040U + device_id; // 4.1.2.1: modern device
  config.set(kPciVendor, 4, id << 16U | 0x1af4U);
  config.allow(kPciCommand, 2,
               kCommandIo | kCommandMemory | kCommandBusMaster | kCommandIntxDisable);
  config.set(kPciStatus, 2, 1U << 4); // capability list
  config.set(kPciRevision, 4, class_code << 8U | 1U);
  config.set(kPciBar0, 4, static_cast<std::uint32_t>(bar_address));
  config.allow(kPciBar0, 4, ~(kBarBytes - 1));
  config.set(kPciBar1, 4, io_port | 1U); // bit 0: I/O space
  config.allow(kPciBar1, 2, ~(kIoBarBytes - 1));
  config.set(kPciSubsystem, 4, id << 16U | 0x1af4U);
  config.allow(kPciInterruptLine, 1, 0xff);
  add_capabilities();
}

void VirtioPci::add_capabilities() {
  PciConfigState& config = state_.config;
  config.set(kPciCapabilities, 1, kCapCommon);
  const auto add = [&](std::uint32_t at, std::uint32_t next, std::uint32_t bytes,
                       std::uint32_t type, std::uint32_t bar, std::uint32_t offset,
                       std::uint32_t length) {
    config.set(at, 4, 0x09U | next << 8U | bytes << 16U | type << 24U);
    config.set(at + 4, 4, bar);
    config.set(at + 8, 4, offset);
    config.set(at + 12, 4, length);
  };
  add(kCapCommon, kCapNotify, 16, 1, 0, kBarCommon, kCommonBytes);
  add(kCapNotify, kCapIsr, 20, 2, 1, 0, kNotifyStride * kMaxVirtioQueues);
  config.set(kCapNotify + 16, 4, kNotifyStride);
  add(kCapIsr, kCapDevice, 16, 3, 0, kBarIsr, 4);
  add(kCapDevice, kCapAccess, 16, 4, 0, kBarDevice, kDeviceConfigBytes);
  add(kCapAccess, kCapMsix, 20, 5, 0, 0, 0);
  config.allow(kCapAccess + 4, 1, 0xff);
  config.allow(kCapAccess + 8, 4, 0xffffffff);
  config.allow(kCapAccess + 12, 4, 0xffffffff);
  config.set(kCapMsix, 4, 0x11U | (kMsixVectors - 1U) << 16U);
  config.allow(kCapMsix + 2, 2, kMsixEnable | kMsixFunctionMask);
  config.set(kCapMsix + 4, 4, kBarMsixTable);
  config.set(kCapMsix + 8, 4, kBarMsixPending);
}

// The access capability (4.1.4.9) is a window into the BAR: BAR, offset and length are in it.
std::uint32_t VirtioPci::config_read(std::uint32_t offset, std::uint32_t bytes) {
  if (offset == kCapAccess + 16) {
    const std::uint32_t at = state_.config.read(kCapAccess + 8, 4);
    const std::uint32_t length = state_.config.read(kCapAccess + 12, 4);
    if (state_.config.read(kCapAccess + 4, 1) == 0 && length == bytes && at <= kBarBytes - bytes) {
      return static_cast<std::uint32_t>(mmio_read(at, bytes));
    }
  }
  return state_.config.read(offset, bytes);
}

void VirtioPci::config_write(std::uint32_t offset, std::uint32_t bytes, std::uint32_t value) {
  if (offset == kCapAccess + 16) {
    const std::uint32_t at = state_.config.read(kCapAccess + 8, 4);
    const std::uint32_t length = state_.config.read(kCapAccess + 12, 4);
    if (state_.config.read(kCapAccess + 4, 1) == 0 && length == bytes && at <= kBarBytes - bytes) {
      mmio_write(at, bytes, value);
    }
    return;
  }
  state_.config.write(offset, bytes, value);
  update_doorbells();
  deliver_unmasked();
}

PciFunction::Window VirtioPci::window() const noexcept {
  if ((state_.config.read(kPciCommand, 2) & kCommandMemory) == 0) {
    return {};
  }
  return {.start = state_.config.read(kPciBar0, 4), .size = kBarBytes};
}

// The doorbells follow their BAR. While the guest sizes it, decoding is off.
void VirtioPci::update_doorbells() {
  const bool decoding = (state_.config.read(kPciCommand, 2) & kCommandIo) != 0;
  const std::uint32_t port = state_.config.read(kPciBar1, 2) & ~(kIoBarBytes - 1);
  const auto wanted = static_cast<std::uint16_t>(decoding ? port : 0);
  if (wanted != state_.doorbells) {
    state_.doorbells = wanted;
    backend_.map_doorbells(wanted);
  }
}

std::uint64_t VirtioPci::mmio_read(std::uint64_t offset, std::uint32_t bytes) {
  std::uint64_t value = 0;
  if (offset < kBarCommon + kCommonBytes) {
    value = read_common(offset);
  } else if (offset == kBarIsr) {
    value = state_.interrupt_status;
    state_.interrupt_status = 0; // read to clear
  } else if (offset >= kBarDevice && offset < kBarDevice + kDeviceConfigBytes) {
    for (std::uint32_t i = 0; i < bytes; ++i) {
      const auto at = static_cast<std::uint32_t>(offset - kBarDevice) + i;
      value |= std::uint64_t{device_.read_config(at)} << (8 * i);
    }
  } else if (offset >= kBarMsixTable && offset < kBarMsixTable + kMsixTableBytes) {
    value = read_msix(offset - kBarMsixTable);
    if (bytes == 8) {
      value |= std::uint64_t{read_msix(offset - kBarMsixTable + 4)} << 32U;
    }
  } else if (offset == kBarMsixPending) {
    value = state_.msix_pending;
  }
  return value;
}

void VirtioPci::mmio_write(std::uint64_t offset, std::uint32_t bytes, std::uint64_t value) {
  const auto word = static_cast<std::uint32_t>(value);
  if (offset < kBarCommon + kCommonBytes) {
    write_common(offset, bytes, word);
  } else if (offset >= kBarMsixTable && offset < kBarMsixTable + kMsixTableBytes &&
             offset % bytes == 0 && bytes >= 4) {
    write_msix(offset - kBarMsixTable, word);
    if (bytes == 8) {
      write_msix(offset - kBarMsixTable + 4, static_cast<std::uint32_t>(value >> 32U));
    }
  }
}

std::uint32_t VirtioPci::read_common(std::uint64_t offset) const noexcept {
  const std::uint64_t features = device_.features() | kVersion1;
  const bool selected = state_.queue_select < device_.queue_count();
  const VirtqueueState none{.size = 0};
  const VirtqueueState& queue = selected ? state_.queues[state_.queue_select] : none;
  switch (offset) {
  case kCommonDeviceFeatureSelect:
    return state_.device_feature_select;
  case kCommonDeviceFeature:
    return state_.device_feature_select > 1
               ? 0
               : static_cast<std::uint32_t>(features >> (32 * state_.device_feature_select));
  case kCommonDriverFeatureSelect:
    return state_.driver_feature_select;
  case kCommonDriverFeature:
    return state_.driver_feature_select > 1
               ? 0
               : static_cast<std::uint32_t>(state_.driver_features >>
                                            (32 * state_.driver_feature_select));
  case kCommonConfigVector:
    return state_.config_vector;
  case kCommonNumQueues:
    return device_.queue_count();
  case kCommonStatus:
    return state_.status;
  case kCommonQueueSelect:
    return state_.queue_select;
  case kCommonQueueSize:
    return queue.size;
  case kCommonQueueVector:
    return queue.vector;
  case kCommonQueueEnable:
    return queue.enabled ? 1 : 0;
  case kCommonQueueNotifyOffset:
    return state_.queue_select;
  case kCommonQueueDescriptors:
    return static_cast<std::uint32_t>(queue.descriptors);
  case kCommonQueueDescriptors + 4:
    return static_cast<std::uint32_t>(queue.descriptors >> 32U);
  case kCommonQueueDriver:
    return static_cast<std::uint32_t>(queue.available);
  case kCommonQueueDriver + 4:
    return static_cast<std::uint32_t>(queue.available >> 32U);
  case kCommonQueueDevice:
    return static_cast<std::uint32_t>(queue.used);
  case kCommonQueueDevice + 4:
    return static_cast<std::uint32_t>(queue.used >> 32U);
  default:
    return 0; // config generation (never changes), and between registers
  }
}

void VirtioPci::write_common(std::uint64_t offset, std::uint32_t bytes, std::uint32_t value) {
  switch (offset) {
  case kCommonDeviceFeatureSelect:
    state_.device_feature_select = value;
    break;
  case kCommonDriverFeatureSelect:
    state_.driver_feature_select = value;
    break;
  case kCommonDriverFeature:
    if (state_.driver_feature_select == 0) {
      state_.driver_features = low32(state_.driver_features, value);
    } else if (state_.driver_feature_select == 1) {
      state_.driver_features = high32(state_.driver_features, value);
    }
    break;
  case kCommonConfigVector:
    state_.config_vector =
        (value & 0xffffU) < kMsixVectors ? static_cast<std::uint16_t>(value) : kNoVector;
    break;
  case kCommonStatus:
    if (bytes == 1) {
      write_status(static_cast<std::uint8_t>(value));
    }
    break;
  case kCommonQueueSelect:
    state_.queue_select = static_cast<std::uint16_t>(value);
    break;
  default:
    if (state_.queue_select < device_.queue_count()) {
      write_queue_register(offset, value);
    }
    break;
  }
}

void VirtioPci::write_queue_register(std::uint64_t offset, std::uint32_t value) {
  VirtqueueState& queue = state_.queues[state_.queue_select];
  if (offset == kCommonQueueVector) {
    queue.vector = (value & 0xffffU) < kMsixVectors ? static_cast<std::uint16_t>(value) : kNoVector;
    return;
  }
  if (queue.enabled) {
    return; // 4.1.4.3.2: addresses and size are not changed any more
  }
  switch (offset) {
  case kCommonQueueSize:
    queue.size = static_cast<std::uint16_t>(value);
    break;
  case kCommonQueueEnable:
    if ((value & 1U) != 0) {
      if (const auto valid = validate(memory_, queue); !valid) {
        fail_device(valid.error().message);
      } else {
        queue.enabled = true;
      }
    }
    break;
  case kCommonQueueDescriptors:
    queue.descriptors = low32(queue.descriptors, value);
    break;
  case kCommonQueueDescriptors + 4:
    queue.descriptors = high32(queue.descriptors, value);
    break;
  case kCommonQueueDriver:
    queue.available = low32(queue.available, value);
    break;
  case kCommonQueueDriver + 4:
    queue.available = high32(queue.available, value);
    break;
  case kCommonQueueDevice:
    queue.used = low32(queue.used, value);
    break;
  case kCommonQueueDevice + 4:
    queue.used = high32(queue.used, value);
    break;
  default:
    break;
  }
}

void VirtioPci::write_status(std::uint8_t value) {
  if (value == 0) {
    reset();
    backend_.ring_doorbell(0); // the device thread looks at what the reset closed
    return;
  }
  // FEATURES_OK stays clear when the driver took something that was not offered, or not VERSION_1.
  const std::uint64_t offered = device_.features() | kVersion1;
  if ((value & kStatusFeaturesOk) != 0 &&
      ((state_.driver_features & ~offered) != 0 || (state_.driver_features & kVersion1) == 0)) {
    value &= static_cast<std::uint8_t>(~kStatusFeaturesOk);
  }
  state_.status = static_cast<std::uint8_t>(value | (state_.status & kStatusNeedsReset));
  if ((value & kStatusDriverOk) != 0) {
    // Buffers may have been posted before the driver was ready.
    for (std::uint16_t queue = 0; queue < device_.queue_count(); ++queue) {
      backend_.ring_doorbell(queue);
    }
  }
}

void VirtioPci::reset() {
  state_.status = 0;
  state_.driver_features = 0;
  state_.device_feature_select = state_.driver_feature_select = 0;
  state_.queue_select = 0;
  state_.config_vector = kNoVector;
  state_.interrupt_status = 0;
  state_.queues.fill({});
  failure_.clear();
  device_.reset();
}

Result<> VirtioPci::restore(const VirtioPciState& state, std::string failure) {
  for (const VirtqueueState& queue : state.queues) {
    if (queue.enabled) {
      TRY(validate(memory_, queue));
    }
  }
  state_ = state;
  failure_ = std::move(failure);
  backend_.route_msis(state_.msix);
  backend_.map_doorbells(state_.doorbells);
  return {};
}

VirtqueueState* VirtioPci::live_queue(std::uint16_t index) noexcept {
  constexpr std::uint8_t kStopped = kStatusNeedsReset | kStatusFailed;
  if (index >= device_.queue_count() || (state_.status & kStatusDriverOk) == 0 ||
      (state_.status & kStopped) != 0 || !state_.queues[index].enabled) {
    return nullptr;
  }
  return &state_.queues[index];
}

void VirtioPci::fail_device(const std::string& reason) {
  if (failure_.empty()) {
    failure_ = reason;
  }
  state_.status |= kStatusNeedsReset;
  state_.interrupt_status |= kInterruptConfig;
  deliver(state_.config_vector);
}

} // namespace schedrig::kvm

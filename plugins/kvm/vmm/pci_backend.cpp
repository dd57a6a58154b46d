// SPDX-License-Identifier: MIT
// irqfd, ioeventfd and GSI routing ioctls.
#include "pci_backend.hpp"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include <sys/eventfd.h>
#include <unistd.h>

#include "device/virtio_pci_layout.hpp"
#include "kvm_ioctl.hpp"
#include "kvm_list.hpp"

namespace schedrig::kvm {
namespace {

Result<UniqueFd> make_eventfd() {
  UniqueFd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd) {
    return fail_errno(errno, "eventfd");
  }
  return fd;
}

void signal_eventfd(int fd) noexcept {
  const std::uint64_t one = 1;
  // Can fail only when 2^64 - 2 signals wait: then it is readable anyway.
  [[maybe_unused]] const ssize_t written = ::write(fd, &one, sizeof(one));
}

// Pins as KVM_CREATE_IRQCHIP wires them: each IO-APIC pin its GSI (GSI 0 is the timer, pin 2), the
// lower sixteen also a PIC input.
void add_irqchip_routes(std::vector<kvm_irq_routing_entry>& entries) {
  for (std::uint32_t gsi = 0; gsi < kIoApicPins; ++gsi) {
    kvm_irq_routing_entry entry{};
    entry.gsi = gsi;
    entry.type = KVM_IRQ_ROUTING_IRQCHIP;
    entry.u.irqchip.irqchip = KVM_IRQCHIP_IOAPIC;
    entry.u.irqchip.pin = gsi == 0 ? 2 : gsi;
    if (gsi != 2) {
      entries.push_back(entry);
    }
    if (gsi < 16) {
      entry.u.irqchip.irqchip = gsi < 8 ? KVM_IRQCHIP_PIC_MASTER : KVM_IRQCHIP_PIC_SLAVE;
      entry.u.irqchip.pin = gsi % 8;
      entries.push_back(entry);
    }
  }
}

} // namespace

Result<> KvmPciBackend::init(int vm_fd) {
  vm_fd_ = vm_fd;
  for (UniqueFd& doorbell : doorbells_) {
    doorbell = TRY(make_eventfd());
  }
  for (std::uint16_t vector = 0; vector < kMsixVectors; ++vector) {
    interrupts_[vector] = TRY(make_eventfd());
    TRY(set_irqfd(vector, true));
  }
  return set_routes();
}

Result<> KvmPciBackend::set_irqfd(std::uint16_t vector, bool assign) const {
  kvm_irqfd irqfd{};
  irqfd.fd = static_cast<std::uint32_t>(interrupts_[vector].get());
  irqfd.gsi = kFirstMsiGsi + vector;
  irqfd.flags = assign ? 0 : KVM_IRQFD_FLAG_DEASSIGN;
  (void)TRY(SCHEDRIG_KVM(vm_fd_, KVM_IRQFD, &irqfd));
  return {};
}

// KVM hands an interrupt that it cannot deliver at once to a worker of its own, and waits for that
// worker when the irqfd goes (virt/kvm/eventfd.c, irqfd_shutdown).
Result<> KvmPciBackend::drain() const {
  for (std::uint16_t vector = 0; vector < kMsixVectors; ++vector) {
    TRY(set_irqfd(vector, false));
    TRY(set_irqfd(vector, true));
  }
  return {};
}

Result<> KvmPciBackend::set_routes() const {
  std::vector<kvm_irq_routing_entry> entries;
  add_irqchip_routes(entries);
  for (std::uint32_t vector = 0; vector < kMsixVectors; ++vector) {
    if (routes_[vector].used) {
      kvm_irq_routing_entry entry{};
      entry.gsi = kFirstMsiGsi + vector;
      entry.type = KVM_IRQ_ROUTING_MSI;
      entry.u.msi.address_lo = static_cast<std::uint32_t>(routes_[vector].address);
      entry.u.msi.address_hi = static_cast<std::uint32_t>(routes_[vector].address >> 32U);
      entry.u.msi.data = routes_[vector].data;
      entries.push_back(entry);
    }
  }
  KvmList<kvm_irq_routing_entry> list{std::span<const kvm_irq_routing_entry>(entries)};
  (void)TRY(kvm_ioctl(vm_fd_, kSetGsiRouting, "KVM_SET_GSI_ROUTING", list.argument()));
  return {};
}

void KvmPciBackend::route_msi(std::uint16_t vector, std::uint64_t address,
                              std::uint32_t data) noexcept {
  routes_[vector] = {.address = address, .data = data, .used = true};
  keep(set_routes());
}

void KvmPciBackend::route_msis(std::span<const MsixEntry> entries) noexcept {
  std::array<Route, kMsixVectors> routes;
  for (std::size_t vector = 0; vector < std::min(entries.size(), routes.size()); ++vector) {
    const MsixEntry& entry = entries[vector];
    if (!entry.masked()) {
      routes[vector] = {.address = entry.address, .data = entry.data, .used = true};
    }
  }
  if (routes != routes_) {
    routes_ = routes;
    keep(set_routes());
  }
}

void KvmPciBackend::raise_msi(std::uint16_t vector) noexcept {
  signal_eventfd(interrupts_[vector].get());
}

void KvmPciBackend::ring_doorbell(std::uint16_t queue) noexcept {
  signal_eventfd(doorbells_[queue].get());
}

Result<> KvmPciBackend::set_doorbell(std::uint16_t queue, std::uint16_t first_port,
                                     bool assign) const {
  kvm_ioeventfd event{};
  event.addr = first_port + std::uint64_t{queue} * kNotifyStride;
  event.len = 0; // any width
  event.fd = doorbells_[queue].get();
  event.flags = KVM_IOEVENTFD_FLAG_PIO | (assign ? 0U : KVM_IOEVENTFD_FLAG_DEASSIGN);
  (void)TRY(SCHEDRIG_KVM(vm_fd_, KVM_IOEVENTFD, &event));
  return {};
}

void KvmPciBackend::map_doorbells(std::uint16_t first_port) noexcept {
  if (first_port == mapped_) {
    return;
  }
  for (std::uint16_t queue = 0; queue < kMaxVirtioQueues; ++queue) {
    if (mapped_ != 0) {
      keep(set_doorbell(queue, mapped_, false));
    }
    if (first_port != 0) {
      keep(set_doorbell(queue, first_port, true));
    }
  }
  mapped_ = first_port;
}

void KvmPciBackend::keep(Result<> result) noexcept {
  if (!result && !error_) {
    error_ = std::move(result).error();
  }
}

std::optional<Error> KvmPciBackend::take_error() noexcept {
  return std::exchange(error_, std::nullopt);
}

} // namespace schedrig::kvm

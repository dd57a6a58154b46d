// SPDX-License-Identifier: MIT
#include "ring_backend.hpp"

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <schedrig/ring.hpp>

#include "kvm_ioctl.hpp"

namespace schedrig::kvm {
namespace {

// Far behind RAM's, of which there are two for each region at most (memory_slots.hpp), and below
// the 509 that KVM had at least before Linux 5.12.
constexpr std::uint32_t kRingSlot = 500;

static_assert(kRingBarBytes >= SCHEDRIG_RING_REGION_BYTES);

} // namespace

KvmRingBackend::~KvmRingBackend() {
  if (memory_ != nullptr) {
    ::munmap(memory_, kRingBarBytes);
  }
}

Result<> KvmRingBackend::init(int vm_fd) {
  vm_fd_ = vm_fd;
  void* const mapped = ::mmap(nullptr, kRingBarBytes, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) {
    return fail_errno(errno, "mmap of the ring's memory");
  }
  memory_ = static_cast<std::byte*>(mapped);
  const schedrig_ring_registers registers = ring_registers();
  std::memcpy(memory_, &registers, sizeof registers);
  doorbell_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!doorbell_) {
    return fail_errno(errno, "eventfd of the ring's doorbell");
  }
  return {};
}

std::span<std::byte> KvmRingBackend::memory() const noexcept {
  return {memory_, memory_ == nullptr ? 0 : std::size_t{SCHEDRIG_RING_REGION_BYTES}};
}

void KvmRingBackend::set_slot(Gpa start, std::uint64_t bytes) noexcept {
  kvm_userspace_memory_region slot{};
  slot.slot = kRingSlot;
  slot.guest_phys_addr = start;
  slot.memory_size = bytes; // 0 takes the slot away
  slot.userspace_addr = reinterpret_cast<std::uintptr_t>(memory_);
  const auto set = SCHEDRIG_KVM(vm_fd_, KVM_SET_USER_MEMORY_REGION, &slot);
  keep(set ? Result<>() : std::unexpected(set.error()));
}

void KvmRingBackend::map_memory(Gpa start) noexcept {
  if (start == mapped_) {
    return;
  }
  if (mapped_ != 0) {
    set_slot(mapped_, 0);
  }
  if (start != 0) {
    set_slot(start, kRingBarBytes);
  }
  mapped_ = start;
}

void KvmRingBackend::set_doorbell(std::uint16_t port, bool assign) noexcept {
  kvm_ioeventfd event{};
  event.addr = port;
  event.len = 0; // any width
  event.fd = doorbell_.get();
  event.flags = KVM_IOEVENTFD_FLAG_PIO | (assign ? 0U : KVM_IOEVENTFD_FLAG_DEASSIGN);
  const auto set = SCHEDRIG_KVM(vm_fd_, KVM_IOEVENTFD, &event);
  keep(set ? Result<>() : std::unexpected(set.error()));
}

void KvmRingBackend::map_doorbell(std::uint16_t port) noexcept {
  if (port == port_) {
    return;
  }
  if (port_ != 0) {
    set_doorbell(port_, false);
  }
  if (port != 0) {
    set_doorbell(port, true);
  }
  port_ = port;
}

std::vector<std::byte> KvmRingBackend::save() const {
  const auto all = memory();
  return {all.begin(), all.end()};
}

Result<> KvmRingBackend::restore(std::span<const std::byte> saved) {
  if (saved.size() != memory().size()) {
    return fail(StatusCode::kBadData, "saved machine: a ring of " + std::to_string(saved.size()) +
                                          " bytes; it has " + std::to_string(memory().size()));
  }
  std::memcpy(memory_, saved.data(), saved.size());
  std::uint64_t rung = 0;
  [[maybe_unused]] const ssize_t got = ::read(doorbell_.get(), &rung, sizeof rung);
  schedrig_ring ring;
  std::memcpy(&ring, memory_ + SCHEDRIG_RING_OFFSET, sizeof ring);
  if (ring.submit_head != ring.submit_tail) {
    rung = 1;
    [[maybe_unused]] const ssize_t written = ::write(doorbell_.get(), &rung, sizeof rung);
  }
  return {};
}

void KvmRingBackend::keep(Result<> result) noexcept {
  if (!result && !error_) {
    error_ = std::move(result).error();
  }
}

std::optional<Error> KvmRingBackend::take_error() noexcept {
  return std::exchange(error_, std::nullopt);
}

} // namespace schedrig::kvm

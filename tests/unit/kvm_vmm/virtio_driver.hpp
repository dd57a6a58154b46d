// SPDX-License-Identifier: MIT
// A driver's side of virtio for tests: rings laid out in guest memory, registers by BAR offset,
// and a backend that records what the transport asks of the VM.
#pragma once

#include <array>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "vmm/device/virtio_console.hpp"
#include "vmm/device/virtio_pci_layout.hpp"

namespace schedrig::kvm::test {

class FakeBackend final : public PciBackend {
 public:
  void route_msi(std::uint16_t vector, std::uint64_t address,
                 std::uint32_t data) noexcept override {
    routes[vector] = {address, data};
    ++route_calls;
  }
  void route_msis(std::span<const MsixEntry> entries) noexcept override {
    for (std::size_t vector = 0; vector < entries.size(); ++vector) {
      if (!entries[vector].masked()) {
        routes[vector] = {entries[vector].address, entries[vector].data};
      }
    }
    ++route_calls;
  }
  void raise_msi(std::uint16_t vector) noexcept override { ++raised[vector]; }
  void map_doorbells(std::uint16_t first_port) noexcept override { doorbells = first_port; }
  void ring_doorbell(std::uint16_t queue) noexcept override { ++rung[queue]; }

  std::array<std::pair<std::uint64_t, std::uint32_t>, kMsixVectors> routes{};
  std::array<int, kMsixVectors> raised{};
  std::array<int, kMaxVirtioQueues> rung{};
  std::uint16_t doorbells = 0;
  int route_calls = 0;
};

struct RawDescriptor {
  std::uint64_t address;
  std::uint32_t length;
  std::uint16_t flags;
  std::uint16_t next;
};

inline constexpr std::uint16_t kNext = 1;
inline constexpr std::uint16_t kWrite = 2;
inline constexpr std::uint16_t kIndirect = 4;

// One queue's rings at `base`: descriptors, driver area, device area, a page each.
class DriverQueue {
 public:
  DriverQueue(const GuestMemory& memory, Gpa base, std::uint16_t size = 8)
      : memory_(memory), base_(base), size_(size) {}

  [[nodiscard]] VirtqueueState state() const {
    VirtqueueState state;
    state.size = size_;
    state.enabled = true;
    state.descriptors = base_;
    state.available = base_ + kPageSize;
    state.used = base_ + 2 * kPageSize;
    return state;
  }
  void describe(std::uint16_t index, RawDescriptor descriptor) {
    put(base_ + index * sizeof(RawDescriptor), descriptor);
  }
  void offer(std::uint16_t head) {
    put<std::uint16_t>(base_ + kPageSize + 4 + 2ULL * (offered_ % size_), head);
    ++offered_;
    put(base_ + kPageSize + 2, offered_);
  }
  void set_available_index(std::uint16_t index) { put(base_ + kPageSize + 2, index); }
  void set_flags(std::uint16_t flags) { put(base_ + kPageSize, flags); }
  [[nodiscard]] std::uint16_t used_index() const {
    return get<std::uint16_t>(base_ + 2 * kPageSize + 2);
  }
  [[nodiscard]] std::uint32_t used_length(std::uint16_t at) const {
    return get<std::uint32_t>(base_ + 2 * kPageSize + 4 + 8ULL * (at % size_) + 4);
  }

  template <class T> void put(Gpa gpa, T value) const {
    EXPECT_TRUE(memory_.write(gpa, std::as_bytes(std::span(&value, 1))).has_value());
  }
  template <class T> [[nodiscard]] T get(Gpa gpa) const {
    T value{};
    EXPECT_TRUE(memory_.read(gpa, std::as_writable_bytes(std::span(&value, 1))).has_value());
    return value;
  }

 private:
  const GuestMemory& memory_;
  Gpa base_;
  std::uint16_t size_;
  std::uint16_t offered_ = 0;
};

} // namespace schedrig::kvm::test

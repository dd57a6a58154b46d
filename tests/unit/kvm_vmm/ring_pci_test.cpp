// SPDX-License-Identifier: MIT
// The submission ring as a PCI function: where its memory and its doorbell are, whatever the guest
// writes to its configuration space.
#include <random>

#include <gtest/gtest.h>

#include "vmm/device/ring_pci.hpp"
#include "vmm/device/virtio_pci_layout.hpp"

namespace schedrig::kvm {
namespace {

class RecordingBackend final : public RingBackend {
 public:
  void map_memory(Gpa start) noexcept override { memory = start; }
  void map_doorbell(std::uint16_t port) noexcept override { doorbell = port; }

  Gpa memory = 1; // as neither would ever be
  std::uint16_t doorbell = 1;
};

class RingFunction : public testing::Test {
 protected:
  RingFunction() { ring_.map(); }

  std::uint32_t read(std::uint32_t offset, std::uint32_t bytes) {
    host_.pio_write(0, 4, 0x80000800U | (offset & 0xfcU));
    return host_.pio_read(static_cast<std::uint16_t>(4 + (offset & 3U)), bytes);
  }
  void write(std::uint32_t offset, std::uint32_t bytes, std::uint32_t value) {
    host_.pio_write(0, 4, 0x80000800U | (offset & 0xfcU));
    host_.pio_write(static_cast<std::uint16_t>(4 + (offset & 3U)), bytes, value);
  }

  RecordingBackend backend_;
  RingPci ring_{backend_, kRingBarAddress, kRingIoPort};
  PciHost host_{{&ring_}};
};

TEST_F(RingFunction, is_decoded_from_the_start_at_its_addresses) {
  EXPECT_EQ(read(kPciVendor, 4), 0x52471234U);
  EXPECT_EQ(read(kPciRevision, 4), 0x05000001U) << "class: RAM";
  EXPECT_EQ(read(kPciCommand, 2), kCommandIo | kCommandMemory);
  EXPECT_EQ(read(kPciBar0, 4), kRingBarAddress);
  EXPECT_EQ(read(kPciBar1, 4), kRingIoPort | 1U);
  EXPECT_EQ(backend_.memory, kRingBarAddress);
  EXPECT_EQ(backend_.doorbell, kRingIoPort);
}

TEST_F(RingFunction, is_nowhere_while_its_bars_are_sized_and_back_afterwards) {
  write(kPciCommand, 2, 0);
  EXPECT_EQ(backend_.memory, 0U);
  EXPECT_EQ(backend_.doorbell, 0U);
  write(kPciBar0, 4, 0xffffffff);
  EXPECT_EQ(~read(kPciBar0, 4) + 1, kRingBarBytes);
  write(kPciBar1, 4, 0xffffffff);
  EXPECT_EQ((~(read(kPciBar1, 4) & ~3U) + 1) & 0xffffU, kRingIoBarBytes);
  EXPECT_EQ(backend_.memory, 0U);
  write(kPciBar0, 4, kPciWindowAddress + 0x100000);
  write(kPciBar1, 4, 0xd000);
  write(kPciCommand, 2, kCommandIo | kCommandMemory);
  EXPECT_EQ(backend_.memory, kPciWindowAddress + 0x100000);
  EXPECT_EQ(backend_.doorbell, 0xd000U);
}

TEST_F(RingFunction, never_lies_outside_of_the_bridges_window) {
  for (const Gpa start : {Gpa{0}, Gpa{0x100000}, kPciWindowAddress - kRingBarBytes,
                          kPciWindowAddress + kPciWindowBytes, Gpa{0xfffe0000}}) {
    write(kPciBar0, 4, static_cast<std::uint32_t>(start));
    EXPECT_EQ(backend_.memory, 0U) << start;
  }
  const Gpa last = kPciWindowAddress + kPciWindowBytes - kRingBarBytes;
  write(kPciBar0, 4, static_cast<std::uint32_t>(last));
  EXPECT_EQ(backend_.memory, last);
}

TEST_F(RingFunction, a_guest_that_writes_anything_moves_it_within_the_window_at_most) {
  std::mt19937 random(7);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint32_t bytes = 1U << static_cast<std::uint32_t>(random() % 3);
    const std::uint32_t offset = static_cast<std::uint32_t>(random() % 64) & ~(bytes - 1);
    write(offset, bytes, static_cast<std::uint32_t>(random()));
    const bool nowhere = backend_.memory == 0;
    ASSERT_TRUE(nowhere ||
                (backend_.memory >= kPciWindowAddress &&
                 backend_.memory + kRingBarBytes <= kPciWindowAddress + kPciWindowBytes));
    ASSERT_EQ(backend_.memory % kRingBarBytes, 0U);
    ASSERT_EQ(backend_.doorbell % kRingIoBarBytes, 0U);
  }
  EXPECT_EQ(read(kPciVendor, 4), 0x52471234U);
}

TEST_F(RingFunction, its_saved_state_is_where_it_was) {
  write(kPciBar0, 4, kPciWindowAddress + 0x200000);
  write(kPciBar1, 4, 0xd100);
  const PciConfigState saved = ring_.state();
  RecordingBackend other;
  RingPci copy(other, kRingBarAddress, kRingIoPort);
  copy.restore(saved);
  EXPECT_EQ(other.memory, kPciWindowAddress + 0x200000);
  EXPECT_EQ(other.doorbell, 0xd100U);
}

} // namespace
} // namespace schedrig::kvm

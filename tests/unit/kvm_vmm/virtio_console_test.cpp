// SPDX-License-Identifier: MIT
// The virtio-pci transport and the console behind it, driven as a driver would, and as one would
// not.
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "virtio_driver.hpp"
#include "vmm/device/pci.hpp"
#include "vmm/device/virtio_console.hpp"

namespace schedrig::kvm {
namespace {

using test::DriverQueue;
using test::FakeBackend;
using test::kWrite;

constexpr std::uint32_t kConfigAddress = 0x80000800; // bus 0, slot 1
constexpr std::uint8_t kAcknowledgeDriver = 3;
constexpr std::uint8_t kFeaturesOk = 8;
constexpr std::uint8_t kDriverOk = 4;
constexpr std::uint8_t kNeedsReset = 64;
constexpr Gpa kBuffer = 0x200000;

class VirtioConsoleTest : public testing::Test {
 protected:
  VirtioConsoleTest() { config_write(kPciCommand, 2, kCommandMemory | kCommandBusMaster); }

  std::uint32_t config_read(std::uint32_t offset, std::uint32_t bytes) {
    host_.pio_write(0, 4, kConfigAddress | (offset & 0xfcU));
    return host_.pio_read(static_cast<std::uint16_t>(4 + offset % 4), bytes);
  }
  void config_write(std::uint32_t offset, std::uint32_t bytes, std::uint32_t value) {
    host_.pio_write(0, 4, kConfigAddress | (offset & 0xfcU));
    host_.pio_write(static_cast<std::uint16_t>(4 + offset % 4), bytes, value);
  }
  std::uint64_t read(std::uint64_t offset, std::uint32_t bytes) {
    std::uint64_t value = 0;
    EXPECT_TRUE(host_.mmio_read(kPciWindowAddress + offset, bytes, value)) << offset;
    return value;
  }
  void write(std::uint64_t offset, std::uint32_t bytes, std::uint64_t value) {
    EXPECT_TRUE(host_.mmio_write(kPciWindowAddress + offset, bytes, value)) << offset;
  }
  std::uint8_t status() { return static_cast<std::uint8_t>(read(kCommonStatus, 1)); }

  void negotiate() {
    write(kCommonStatus, 1, kAcknowledgeDriver);
    for (std::uint32_t word = 0; word < 2; ++word) {
      write(kCommonDeviceFeatureSelect, 4, word);
      write(kCommonDriverFeatureSelect, 4, word);
      write(kCommonDriverFeature, 4, read(kCommonDeviceFeature, 4));
    }
    write(kCommonStatus, 1, kAcknowledgeDriver | kFeaturesOk);
    EXPECT_NE(status() & kFeaturesOk, 0);
  }
  DriverQueue& enable(std::uint16_t index, std::uint16_t size) {
    const Gpa base = 0x10000 + index * 4 * kPageSize;
    queues_.emplace_back(memory_, base, size);
    write(kCommonQueueSelect, 2, index);
    write(kCommonQueueSize, 2, size);
    write(kCommonQueueVector, 2, index);
    write(kCommonQueueDescriptors, 4, base);
    write(kCommonQueueDriver, 4, base + kPageSize);
    write(kCommonQueueDevice, 4, base + 2 * kPageSize);
    write(kCommonQueueEnable, 2, 1);
    return queues_.back();
  }
  void unmask(std::uint16_t vector) {
    write(kBarMsixTable + vector * 16U, 4, 0xfee00000);
    write(kBarMsixTable + vector * 16U + 8, 4, 0x30U + vector);
    write(kBarMsixTable + vector * 16U + 12, 4, 0);
  }
  void start(std::uint16_t queue_size = 8) {
    negotiate();
    queues_.reserve(kMaxVirtioQueues);
    for (std::uint16_t index = 0; index < VirtioConsole::kQueues; ++index) {
      enable(index, queue_size);
      unmask(index);
    }
    config_write(kCapMsix + 2, 2, kMsixEnable);
    write(kCommonStatus, 1, kAcknowledgeDriver | kFeaturesOk | kDriverOk);
  }
  void send(std::uint16_t queue, std::string_view text) {
    EXPECT_TRUE(memory_.write(kBuffer, std::as_bytes(std::span(text))).has_value());
    queues_[queue].describe(0, {kBuffer, static_cast<std::uint32_t>(text.size()), 0, 0});
    queues_[queue].offer(0);
    (void)console_.process(virtio_, queue, output_);
  }
  void control(std::uint32_t port, std::uint16_t event, std::uint16_t value) {
    std::string bytes(8, '\0');
    std::memcpy(bytes.data(), &port, 4);
    std::memcpy(bytes.data() + 4, &event, 2);
    std::memcpy(bytes.data() + 6, &value, 2);
    send(VirtioConsole::kControlTx, bytes);
  }
  // Posts a buffer, lets the device fill it, and returns what it wrote.
  std::string receive(std::uint16_t queue, std::uint32_t room = 4096) {
    const Gpa buffer = kBuffer + 0x10000;
    const std::uint16_t before = queues_[queue].used_index();
    queues_[queue].describe(1, {buffer, room, kWrite, 0});
    queues_[queue].offer(1);
    (void)console_.process(virtio_, queue, output_);
    if (queues_[queue].used_index() == before) {
      return {};
    }
    std::string text(queues_[queue].used_length(before), '\0');
    EXPECT_TRUE(memory_.read(buffer, std::as_writable_bytes(std::span(text))).has_value());
    return text;
  }

  GuestMemory memory_ = *GuestMemory::create(4ULL << 20, true);
  FakeBackend backend_;
  VirtioConsole console_;
  VirtioPci virtio_{memory_, backend_, console_, 3, 0x078000, kPciWindowAddress, kPciIoPort};
  PciHost host_{{&virtio_}};
  std::vector<DriverQueue> queues_;
  ConsoleOutput output_;
};

TEST_F(VirtioConsoleTest, configuration_space_announces_a_modern_console_with_six_capabilities) {
  EXPECT_EQ(config_read(0, 4), 0x10431af4U);
  EXPECT_GE(config_read(kPciRevision, 1), 1U);
  std::vector<std::uint32_t> types;
  for (std::uint32_t at = config_read(kPciCapabilities, 1); at != 0; at = config_read(at + 1, 1)) {
    ASSERT_LT(types.size(), 10U) << "capability loop";
    types.push_back(config_read(at, 1) == 9 ? config_read(at + 3, 1) : 0x11);
  }
  EXPECT_EQ(types, (std::vector<std::uint32_t>{1, 2, 3, 4, 5, 0x11}));
}

TEST_F(VirtioConsoleTest, the_memory_bar_sizes_and_moves) {
  config_write(kPciCommand, 2, 0);
  config_write(kPciBar0, 4, 0xffffffff);
  EXPECT_EQ(~config_read(kPciBar0, 4) + 1, kBarBytes);
  config_write(kPciBar0, 4, 0xc8000000);
  std::uint64_t value = 0;
  EXPECT_FALSE(host_.mmio_read(0xc8000000, 4, value)) << "decoding is off";
  config_write(kPciCommand, 2, kCommandMemory);
  EXPECT_TRUE(host_.mmio_read(0xc8000000 + kCommonNumQueues, 2, value));
  EXPECT_EQ(value, VirtioConsole::kQueues);
  EXPECT_FALSE(host_.mmio_read(0xc8000000 + kBarBytes - 2, 4, value)) << "straddles the end";
}

TEST_F(VirtioConsoleTest, doorbells_follow_the_io_bar_and_its_decoding) {
  EXPECT_EQ(backend_.doorbells, 0U) << "only memory is decoded so far";
  config_write(kPciCommand, 2, kCommandIo);
  EXPECT_EQ(backend_.doorbells, kPciIoPort);
  config_write(kPciCommand, 2, 0);
  EXPECT_EQ(backend_.doorbells, 0U);
  config_write(kPciBar1, 4, 0xffffffff);
  EXPECT_EQ(config_read(kPciBar1, 4), 0xffe1U) << "32 ports, I/O space, upper half fixed at zero";
  config_write(kPciBar1, 4, 0xd000);
  config_write(kPciCommand, 2, kCommandIo);
  EXPECT_EQ(backend_.doorbells, 0xd000U);
}

TEST_F(VirtioConsoleTest, the_pci_access_capability_reads_the_bar) {
  config_write(kCapAccess + 8, 4, kCommonNumQueues);
  config_write(kCapAccess + 12, 4, 2);
  EXPECT_EQ(config_read(kCapAccess + 16, 2), VirtioConsole::kQueues);
  config_write(kCapAccess + 8, 4, 0xfffffffe); // outside the BAR
  EXPECT_NE(config_read(kCapAccess + 16, 2), VirtioConsole::kQueues);
}

TEST_F(VirtioConsoleTest, features_that_were_not_offered_are_not_accepted) {
  write(kCommonDriverFeatureSelect, 4, 0);
  write(kCommonDriverFeature, 4, 0xffffffff);
  write(kCommonDriverFeatureSelect, 4, 1);
  write(kCommonDriverFeature, 4, 1);
  write(kCommonStatus, 1, kAcknowledgeDriver | kFeaturesOk);
  EXPECT_EQ(status() & kFeaturesOk, 0);
}

TEST_F(VirtioConsoleTest, ports_are_announced_named_and_opened) {
  start();
  control(0, 0, 1); // device ready
  control(0, 3, 1); // port 0 ready
  control(1, 3, 1); // port 1 ready
  const auto message = [](std::uint32_t port, std::uint16_t event, std::uint16_t value,
                          std::string_view tail = {}) {
    std::string bytes(8, '\0');
    std::memcpy(bytes.data(), &port, 4);
    std::memcpy(bytes.data() + 4, &event, 2);
    std::memcpy(bytes.data() + 6, &value, 2);
    return bytes + std::string(tail);
  };
  EXPECT_EQ(receive(VirtioConsole::kControlRx), message(0, 1, 1));
  EXPECT_EQ(receive(VirtioConsole::kControlRx), message(1, 1, 1));
  EXPECT_EQ(receive(VirtioConsole::kControlRx), message(0, 4, 1));
  EXPECT_EQ(receive(VirtioConsole::kControlRx), message(0, 6, 1));
  EXPECT_EQ(receive(VirtioConsole::kControlRx), message(1, 7, 1, "schedrig.control"));
  EXPECT_EQ(receive(VirtioConsole::kControlRx), message(1, 6, 1));
  EXPECT_GT(backend_.raised[VirtioConsole::kControlRx], 0);
}

TEST_F(VirtioConsoleTest, output_of_both_ports_is_kept_apart) {
  start();
  send(VirtioConsole::kTx0, "boot");
  send(VirtioConsole::kTx1, "frame");
  const auto text = [](const std::vector<std::byte>& bytes) {
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  EXPECT_EQ(text(output_.console), "boot");
  EXPECT_EQ(text(output_.control), "frame");
}

TEST_F(VirtioConsoleTest, input_waits_until_the_guest_has_opened_the_port) {
  start();
  const std::string text = "hello, guest";
  EXPECT_EQ(console_.append(std::as_bytes(std::span(text))), text.size());
  EXPECT_EQ(receive(VirtioConsole::kRx1), "");
  control(1, 6, 1); // the open fills the buffer that is already there
  EXPECT_EQ(queues_[VirtioConsole::kRx1].used_index(), 1);
  EXPECT_EQ(queues_[VirtioConsole::kRx1].used_length(0), text.size());
}

TEST_F(VirtioConsoleTest, input_is_cut_to_the_buffers_and_nothing_is_lost) {
  start();
  control(1, 6, 1);
  const std::string text = "0123456789abcdef";
  EXPECT_EQ(console_.append(std::as_bytes(std::span(text))), text.size());
  std::string all;
  for (int i = 0; i < 4; ++i) {
    all += receive(VirtioConsole::kRx1, 5);
  }
  EXPECT_EQ(all, text);
}

TEST_F(VirtioConsoleTest, the_backlog_is_bounded_and_a_close_empties_it) {
  start();
  const std::vector<std::byte> much(kControlBacklogBytes + 1);
  EXPECT_EQ(console_.append(much), kControlBacklogBytes);
  EXPECT_EQ(console_.append(much), 0U);
  control(1, 6, 0);
  EXPECT_EQ(console_.append(much), kControlBacklogBytes);
}

TEST_F(VirtioConsoleTest, a_driver_that_only_asks_cannot_make_us_keep_answers_without_end) {
  start();
  for (int i = 0; i < 10000; ++i) {
    control(0, 0, 1);
  }
  EXPECT_LE(console_.state().control_messages.size(), 64U);
}

TEST_F(VirtioConsoleTest, a_broken_queue_stops_the_device_until_it_is_reset) {
  start();
  queues_[VirtioConsole::kTx0].describe(0, {~0ULL, 100, 0, 0});
  queues_[VirtioConsole::kTx0].offer(0);
  EXPECT_FALSE(console_.process(virtio_, VirtioConsole::kTx0, output_));
  EXPECT_NE(status() & kNeedsReset, 0);
  EXPECT_NE(virtio_.failure(), "");
  EXPECT_EQ(virtio_.live_queue(VirtioConsole::kTx1), nullptr);
  write(kCommonStatus, 1, 0);
  EXPECT_EQ(status(), 0);
  EXPECT_EQ(virtio_.failure(), "");
}

TEST_F(VirtioConsoleTest, a_pass_ends_even_where_chains_are_empty) {
  start(kMaxQueueSize);
  DriverQueue& transmit = queues_[VirtioConsole::kTx0];
  DriverQueue& receive = queues_[VirtioConsole::kRx1];
  transmit.describe(0, {kBuffer, 0, 0, 0});
  receive.describe(0, {kBuffer, 0, kWrite, 0});
  for (std::uint16_t i = 0; i < kMaxQueueSize; ++i) {
    transmit.offer(0);
    receive.offer(0);
  }
  EXPECT_TRUE(console_.process(virtio_, VirtioConsole::kTx0, output_)) << "there is more";
  EXPECT_LT(transmit.used_index(), kMaxQueueSize);
  control(1, 6, 1);
  EXPECT_EQ(console_.append(std::vector<std::byte>(1)), 1U);
  EXPECT_TRUE(console_.process(virtio_, VirtioConsole::kRx1, output_)) << "there is more";
  EXPECT_LT(receive.used_index(), kMaxQueueSize);
  while (console_.process(virtio_, VirtioConsole::kTx0, output_) ||
         console_.process(virtio_, VirtioConsole::kRx1, output_)) {
  }
  EXPECT_EQ(transmit.used_index(), kMaxQueueSize);
  EXPECT_EQ(receive.used_index(), kMaxQueueSize);
}

TEST_F(VirtioConsoleTest, a_masked_vector_stays_pending_and_comes_when_it_is_unmasked) {
  start();
  write(kBarMsixTable + VirtioConsole::kTx0 * 16U + 12, 4, 1);
  send(VirtioConsole::kTx0, "x");
  EXPECT_EQ(backend_.raised[VirtioConsole::kTx0], 0);
  EXPECT_EQ(read(kBarMsixPending, 4), 1U << VirtioConsole::kTx0);
  write(kBarMsixTable + VirtioConsole::kTx0 * 16U + 12, 4, 0);
  EXPECT_EQ(backend_.raised[VirtioConsole::kTx0], 1);
  EXPECT_EQ(read(kBarMsixPending, 4), 0U);
}

TEST_F(VirtioConsoleTest, a_vector_is_routed_once_when_it_is_unmasked) {
  const int before = backend_.route_calls;
  unmask(2);
  EXPECT_EQ(backend_.route_calls, before + 1);
  EXPECT_EQ(backend_.routes[2], std::make_pair(std::uint64_t{0xfee00000}, std::uint32_t{0x32}));
}

TEST_F(VirtioConsoleTest, a_queue_with_rings_outside_ram_is_not_enabled) {
  negotiate();
  write(kCommonQueueSelect, 2, 0);
  write(kCommonQueueDescriptors, 4, 0xfffff000);
  write(kCommonQueueEnable, 2, 1);
  EXPECT_EQ(read(kCommonQueueEnable, 2), 0U);
  EXPECT_NE(status() & kNeedsReset, 0);
}

TEST_F(VirtioConsoleTest, queue_numbers_that_do_not_exist_read_as_absent) {
  write(kCommonQueueSelect, 2, 6);
  EXPECT_EQ(read(kCommonQueueSize, 2), 0U);
  write(kCommonQueueSelect, 2, 0xffff);
  write(kCommonQueueEnable, 2, 1);
  EXPECT_EQ(read(kCommonQueueSize, 2), 0U);
}

TEST_F(VirtioConsoleTest, random_accesses_and_doorbells_never_crash_it) {
  std::mt19937_64 random(4711);
  constexpr std::uint32_t kSizes[] = {1, 2, 4, 8};
  for (int round = 0; round < 100000; ++round) {
    const std::uint32_t bytes = kSizes[random() % 4];
    std::uint64_t value = 0;
    switch (random() % 5) {
    case 0:
      config_write(static_cast<std::uint32_t>(random() % 256), 1U << random() % 3,
                   static_cast<std::uint32_t>(random()));
      break;
    case 1:
      (void)host_.mmio_write(kPciWindowAddress + random() % kBarBytes, bytes, random());
      break;
    case 2:
      (void)host_.mmio_write(kPciWindowAddress + random() % 0x40, bytes, random() % 0x400000);
      break;
    case 3:
      (void)host_.mmio_read(kPciWindowAddress + random() % kBarBytes, bytes, value);
      break;
    default:
      (void)console_.process(virtio_, static_cast<std::uint16_t>(random() % 8), output_);
      output_ = {};
    }
    if (round % 64 == 0) { // keep most accesses meaningful
      config_write(kPciCommand, 2, kCommandMemory);
      config_write(kPciBar0, 4, static_cast<std::uint32_t>(kPciWindowAddress));
    }
  }
  config_write(kPciCommand, 2, kCommandMemory);
  config_write(kPciBar0, 4, static_cast<std::uint32_t>(kPciWindowAddress));
  write(kCommonStatus, 1, 0);
  EXPECT_EQ(status(), 0);
  start();
  send(VirtioConsole::kTx0, "alive");
  EXPECT_EQ(output_.console.size(), 5U);
}

} // namespace
} // namespace schedrig::kvm

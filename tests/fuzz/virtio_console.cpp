// SPDX-License-Identifier: MIT
// A guest that does what it likes to PCI configuration space, the virtio transport and the
// console's queues: a script of the commands below. Whatever it did, a driver that starts anew is
// served.
#include "vmm/device/virtio_console.hpp"

#include <array>
#include <string_view>

#include "tests/fuzz/byte_reader.hpp"
#include "tests/fuzz/target.hpp"
#include "vmm/device/virtio_pci_layout.hpp"

namespace schedrig::kvm {
namespace {

// A page of it lies above the device hole. Untouched RAM costs nothing.
constexpr std::uint64_t kRamBytes = kHoleStart + kPageSize;
constexpr std::uint64_t kDescriptorBytes = 16;
constexpr std::uint16_t kRingSize = 8;
// One pass takes this much and the chain that went beyond it.
constexpr std::size_t kMostOutput = (256U << 10) + kMaxChainBytes;
constexpr std::size_t kMostControlMessages = 64;
constexpr int kMostPasses = 4 * kMaxQueueSize;

class CheckedBackend final : public PciBackend {
 public:
  void route_msi(std::uint16_t vector, std::uint64_t /*address*/,
                 std::uint32_t /*data*/) noexcept override {
    fuzz::require(vector < kMsixVectors, "a routed vector exists");
  }
  void route_msis(std::span<const MsixEntry> /*entries*/) noexcept override {}
  void raise_msi(std::uint16_t vector) noexcept override {
    fuzz::require(vector < kMsixVectors, "a raised vector exists");
  }
  void map_doorbells(std::uint16_t first_port) noexcept override {
    fuzz::require(first_port % kIoBarBytes == 0, "doorbells lie where an I/O BAR can");
  }
  void ring_doorbell(std::uint16_t queue) noexcept override {
    fuzz::require(queue < kMaxVirtioQueues, "a doorbell has a queue");
  }
};

class Guest {
 public:
  explicit Guest(const GuestMemory& memory)
      : memory_(memory),
        virtio_(memory, backend_, console_, 3, 0x078000, kPciWindowAddress, kPciIoPort),
        bus_({&virtio_}) {}

  void run(fuzz::ByteReader& script) {
    while (!script.empty()) {
      command(script);
      check();
    }
  }

  void expect_served() {
    write_config(kPciBar0, 4, kPciWindowAddress);
    write_config(kPciCommand, 2, kCommandMemory | kCommandBusMaster);
    write_bar(kCommonStatus, 1, 0);
    check();
    start();
    constexpr std::string_view kText = "alive";
    constexpr Gpa kTextAddress = 0x200000;
    poke(kTextAddress, std::as_bytes(std::span(kText)));
    describe(VirtioConsole::kTx0, 0, {kTextAddress, kText.size(), 0, 0});
    offer(VirtioConsole::kTx0, 0);
    ConsoleOutput output;
    (void)console_.process(virtio_, VirtioConsole::kTx0, output);
    fuzz::require(output.console.size() == kText.size(), "a new driver is served");
  }

 private:
  struct Descriptor {
    std::uint64_t address;
    std::uint32_t length;
    std::uint16_t flags;
    std::uint16_t next;
  };
  static_assert(sizeof(Descriptor) == kDescriptorBytes);

  static Gpa ring(std::uint16_t queue) { return 0x10000 + queue * 4 * kPageSize; }
  static std::uint16_t queue_of(fuzz::ByteReader& script) {
    return script.take<std::uint8_t>() % VirtioConsole::kQueues;
  }

  void command(fuzz::ByteReader& script) {
    constexpr unsigned kCommands = 12;
    switch (script.take<std::uint8_t>() % kCommands) {
    case 0:
      return start();
    case 1:
      return kick(script.take<std::uint8_t>());
    case 2: {
      const std::uint16_t queue = queue_of(script);
      const std::uint16_t index = script.take<std::uint8_t>() % kRingSize;
      const auto bytes = script.piece(kDescriptorBytes);
      return poke(ring(queue) + index * kDescriptorBytes, std::as_bytes(bytes));
    }
    case 3: {
      const std::uint16_t queue = queue_of(script);
      return offer(queue, script.take<std::uint16_t>());
    }
    case 4: {
      const std::uint16_t queue = queue_of(script);
      return put(ring(queue) + kPageSize + 2, script.take<std::uint16_t>());
    }
    case 5: {
      const auto at = script.take<std::uint32_t>();
      return poke(at, std::as_bytes(script.piece(script.take<std::uint8_t>())));
    }
    case 6: {
      const auto offset = script.take<std::uint8_t>();
      const std::uint32_t bytes = 1U << (script.take<std::uint8_t>() % 3U);
      return write_config(offset, bytes, script.take<std::uint32_t>());
    }
    case 7: {
      const auto offset = script.take<std::uint8_t>();
      return read_config(offset, 1U << (script.take<std::uint8_t>() % 3U));
    }
    case 8: {
      const std::uint64_t offset = script.take<std::uint16_t>() % kBarBytes;
      const std::uint32_t bytes = 1U << (script.take<std::uint8_t>() % 4U);
      return write_bar(offset, bytes, script.take<std::uint64_t>());
    }
    case 9: {
      const std::uint64_t offset = script.take<std::uint16_t>() % kBarBytes;
      std::uint64_t value = 0;
      (void)bus_.mmio_read(kPciWindowAddress + offset, 1U << (script.take<std::uint8_t>() % 4U),
                           value);
      return;
    }
    case 10: { // any access to the ports of configuration mechanism 1
      const std::uint16_t port = script.take<std::uint8_t>() % 8U;
      const std::uint32_t bytes = 1U << (script.take<std::uint8_t>() % 3U);
      return bus_.pio_write(port, bytes, script.take<std::uint32_t>());
    }
    default: { // the host has something to say
      const std::vector<std::byte> bytes(script.take<std::uint8_t>() * 1024U);
      fuzz::require(console_.append(bytes) <= bytes.size(), "no more is taken than there is");
    }
    }
  }

  void start() {
    write_bar(kCommonStatus, 1, 3);
    write_bar(kCommonDriverFeatureSelect, 4, 0);
    write_bar(kCommonDriverFeature, 4, console_.features());
    write_bar(kCommonDriverFeatureSelect, 4, 1);
    write_bar(kCommonDriverFeature, 4, 1);
    write_bar(kCommonStatus, 1, 3 | 8);
    for (std::uint16_t queue = 0; queue < VirtioConsole::kQueues; ++queue) {
      write_bar(kCommonQueueSelect, 2, queue);
      write_bar(kCommonQueueSize, 2, kRingSize);
      write_bar(kCommonQueueVector, 2, queue);
      write_bar(kCommonQueueDescriptors, 4, ring(queue));
      write_bar(kCommonQueueDescriptors + 4, 4, 0);
      write_bar(kCommonQueueDriver, 4, ring(queue) + kPageSize);
      write_bar(kCommonQueueDriver + 4, 4, 0);
      write_bar(kCommonQueueDevice, 4, ring(queue) + 2 * kPageSize);
      write_bar(kCommonQueueDevice + 4, 4, 0);
      put<std::uint16_t>(ring(queue) + kPageSize + 2, 0);
      write_bar(kCommonQueueEnable, 2, 1);
      write_bar(kBarMsixTable + queue * kMsixEntryBytes + 12, 4, 0);
    }
    write_config(kCapMsix + 2, 2, kMsixEnable);
    write_bar(kCommonStatus, 1, 3 | 8 | 4);
  }

  void kick(std::uint16_t queue) {
    for (int pass = 0; pass < kMostPasses; ++pass) {
      ConsoleOutput output;
      const bool more = console_.process(virtio_, queue, output);
      fuzz::require(output.console.size() <= kMostOutput && output.control.size() <= kMostOutput,
                    "what one pass brings is bounded");
      if (!more) {
        return;
      }
    }
    fuzz::require(false, "a ring that nobody fills is worked off");
  }

  void check() {
    fuzz::require(console_.state().control_messages.size() <= kMostControlMessages,
                  "what the guest is owed is bounded");
    fuzz::require(console_.state().backlog.size() <= kControlBacklogBytes,
                  "what waits for the guest is bounded");
    for (std::uint16_t queue = 0; !virtio_.failure().empty() && queue < kMaxVirtioQueues; ++queue) {
      fuzz::require(virtio_.live_queue(queue) == nullptr, "a device that failed stands still");
    }
  }

  void describe(std::uint16_t queue, std::uint16_t index, Descriptor descriptor) {
    put(ring(queue) + index * kDescriptorBytes, descriptor);
  }
  void offer(std::uint16_t queue, std::uint16_t head) {
    const Gpa available = ring(queue) + kPageSize;
    std::uint16_t offered = 0;
    [[maybe_unused]] const auto read =
        memory_.read(available + 2, std::as_writable_bytes(std::span(&offered, 1)));
    put(available + 4 + 2ULL * (offered % kRingSize), head);
    put(available + 2, static_cast<std::uint16_t>(offered + 1));
  }
  template <class T> void put(Gpa gpa, T value) { poke(gpa, std::as_bytes(std::span(&value, 1))); }
  // Outside RAM there is nothing to write to.
  void poke(Gpa gpa, std::span<const std::byte> bytes) {
    [[maybe_unused]] const auto written = memory_.write(gpa, bytes);
  }

  void select_config(std::uint32_t offset) { bus_.pio_write(0, 4, 0x80000800U | (offset & 0xfcU)); }
  void write_config(std::uint32_t offset, std::uint32_t bytes, std::uint64_t value) {
    select_config(offset);
    bus_.pio_write(static_cast<std::uint16_t>(4 + offset % 4), bytes,
                   static_cast<std::uint32_t>(value));
  }
  void read_config(std::uint32_t offset, std::uint32_t bytes) {
    select_config(offset);
    (void)bus_.pio_read(static_cast<std::uint16_t>(4 + offset % 4), bytes);
  }
  void write_bar(std::uint64_t offset, std::uint32_t bytes, std::uint64_t value) {
    (void)bus_.mmio_write(kPciWindowAddress + offset, bytes, value);
  }

  const GuestMemory& memory_;
  CheckedBackend backend_;
  VirtioConsole console_;
  VirtioPci virtio_;
  PciHost bus_;
};

} // namespace
} // namespace schedrig::kvm

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace schedrig;
  const auto memory = kvm::GuestMemory::create(kvm::kRamBytes, true);
  fuzz::require(memory.has_value(), "there is RAM");
  kvm::Guest guest(*memory);
  fuzz::ByteReader script(data, size);
  guest.run(script);
  guest.expect_served();
  return 0;
}

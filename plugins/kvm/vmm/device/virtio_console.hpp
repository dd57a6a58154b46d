// SPDX-License-Identifier: MIT
// VirtioConsole: a console device with two ports: 0 is the guest's hvc0, 1 is the control channel,
// which the guest sees as /dev/vport0p1 with the name "schedrig.control".
//
// Source: virtio 1.2, 5.3. Bytes for the guest wait in a bounded buffer until the guest has opened
// port 1; Linux throws away what arrives earlier. Thread: the holder of the device lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include "virtio_pci.hpp"

namespace schedrig::kvm {

inline constexpr std::string_view kControlPortName = "schedrig.control";
// Room for bytes that wait for the guest: a few of the agent's largest frames.
inline constexpr std::size_t kControlBacklogBytes = 1U << 20;

struct VirtioConsoleState {
  std::deque<std::vector<std::byte>> control_messages; // for the guest, not yet placed
  std::deque<std::byte> backlog;                       // bytes for port 1, not yet placed
  bool control_open = false;                           // the guest has port 1 open
  std::uint64_t control_opened = 0;                    // how often it was opened
};

// What one pass over a queue brought.
struct ConsoleOutput {
  std::vector<std::byte> console; // port 0
  std::vector<std::byte> control; // port 1
};

class VirtioConsole final : public VirtioDevice {
 public:
  // Queues of 5.3.2.
  static constexpr std::uint16_t kRx0 = 0;
  static constexpr std::uint16_t kTx0 = 1;
  static constexpr std::uint16_t kControlRx = 2;
  static constexpr std::uint16_t kControlTx = 3;
  static constexpr std::uint16_t kRx1 = 4;
  static constexpr std::uint16_t kTx1 = 5;
  static constexpr std::uint16_t kQueues = 6;
  static_assert(kQueues <= kMaxVirtioQueues);

  [[nodiscard]] std::uint64_t features() const noexcept override;
  [[nodiscard]] std::uint16_t queue_count() const noexcept override { return kQueues; }
  [[nodiscard]] std::uint8_t read_config(std::uint32_t offset) const noexcept override;
  void reset() noexcept override;

  // Works off one queue after its doorbell rang. True: there is more, call again (a pass is
  // bounded, so that the lock is not held for as long as the guest likes).
  [[nodiscard]] bool process(VirtioPci& transport, std::uint16_t queue, ConsoleOutput& output);

  // Appends what fits; returns how many bytes that was. The caller rings kRx1's doorbell.
  [[nodiscard]] std::size_t append(std::span<const std::byte> bytes);
  [[nodiscard]] const VirtioConsoleState& state() const noexcept { return state_; }
  void restore(VirtioConsoleState state) noexcept { state_ = std::move(state); }

 private:
  [[nodiscard]] bool take_output(VirtioPci& transport, std::uint16_t index,
                                 std::vector<std::byte>& output);
  void handle_control(std::span<const std::byte> message);
  [[nodiscard]] bool give_input(VirtioPci& transport);
  void give_control(VirtioPci& transport);
  void send_control(std::uint32_t port, std::uint16_t event, std::uint16_t value,
                    std::string_view text = {});

  VirtioConsoleState state_;
};

} // namespace schedrig::kvm

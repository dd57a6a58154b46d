// SPDX-License-Identifier: MIT
// VmChannel: the control channel over a Vm, for the link. While it waits for bytes it delivers
// everything else that the guest puts out. Thread: host thread.
#pragma once

#include <functional>

#include "backend/guest_feed.hpp"
#include "backend/guest_monitor.hpp"
#include "channel/byte_channel.hpp"
#include "vmm/vm.hpp"

namespace schedrig::kvm {

class VmChannel final : public ByteChannel {
 public:
  // All must outlive the channel; the Vm comes with open().
  VmChannel(GuestFeed& feed, GuestMonitor& monitor) noexcept : feed_(feed), monitor_(monitor) {}

  void open(Vm& vm) noexcept { vm_ = &vm; }
  void close() noexcept { vm_ = nullptr; }
  void forget() noexcept {
    control_.clear();
    ring_doorbells_ = 0;
  }
  // Whether an interrupt ends a receive: while booting, when there is nothing yet to clean up.
  void set_interruptible(bool value) noexcept { interruptible_ = value; }

  Result<> send(ByteView bytes, Deadline deadline) override;
  Result<> receive(Bytes& into, Deadline deadline) override;

  // Called whenever output was taken; outlives the channel.
  void set_on_pump(std::function<void()> on_pump) { on_pump_ = std::move(on_pump); }

  // Takes and delivers what is there, without waiting.
  void pump();
  // Control bytes that pump found.
  [[nodiscard]] Bytes take_control() noexcept { return std::exchange(control_, {}); }
  // How often it found that the ring's doorbell was rung.
  [[nodiscard]] std::uint64_t take_ring_doorbells() noexcept {
    return std::exchange(ring_doorbells_, 0);
  }

 private:
  [[nodiscard]] Result<> check() const;

  GuestFeed& feed_;
  GuestMonitor& monitor_;
  Vm* vm_ = nullptr;
  bool interruptible_ = false;
  Bytes control_;
  std::uint64_t ring_doorbells_ = 0;
  std::function<void()> on_pump_;
};

} // namespace schedrig::kvm

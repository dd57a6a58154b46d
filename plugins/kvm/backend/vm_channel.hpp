// SPDX-License-Identifier: MIT
// VmChannel: the control channel over a Vm, for the link. While it waits for bytes it delivers
// everything else that the guest puts out. Thread: host thread.
#pragma once

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
  void forget() noexcept { control_.clear(); }
  // Whether an interrupt ends a receive: while booting, when there is nothing yet to clean up.
  void set_interruptible(bool value) noexcept { interruptible_ = value; }

  Result<> send(ByteView bytes, Deadline deadline) override;
  Result<> receive(Bytes& into, Deadline deadline) override;

  // Takes and delivers what is there, without waiting.
  void pump();
  // Control bytes that pump found.
  [[nodiscard]] Bytes take_control() noexcept { return std::exchange(control_, {}); }

 private:
  [[nodiscard]] Result<> check() const;

  GuestFeed& feed_;
  GuestMonitor& monitor_;
  Vm* vm_ = nullptr;
  bool interruptible_ = false;
  Bytes control_;
};

} // namespace schedrig::kvm

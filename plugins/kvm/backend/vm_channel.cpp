// SPDX-License-Identifier: MIT
// Sending to and receiving from the guest's control port.
#include "backend/vm_channel.hpp"

#include <algorithm>
#include <chrono>
#include <string>

namespace schedrig::kvm {

Result<> VmChannel::check() const {
  if (const auto& failure = monitor_.failure()) {
    return std::unexpected(*failure);
  }
  if (vm_ == nullptr || monitor_.ended()) {
    return fail(StatusCode::kGuestFailed, "the machine does not run",
                "boot it first; once it is shut down it answers no more");
  }
  return {};
}

Result<> VmChannel::send(ByteView bytes, Deadline deadline) {
  // How long a guest takes to make room is seen by looking: only frames of megabytes wait for it.
  constexpr std::chrono::milliseconds kLook{1};
  while (true) {
    pump(); // also lets go of a machine that is held, which would never make room
    TRY(check());
    bytes = bytes.subspan(vm_->try_send(bytes));
    const auto now = std::chrono::steady_clock::now();
    if (bytes.empty()) {
      return {};
    }
    if (now >= deadline) {
      return fail(StatusCode::kTimeout,
                  "the guest has not taken " + std::to_string(bytes.size()) + " bytes in time");
    }
    (void)feed_.wait(std::min(deadline, now + kLook), false);
  }
}

Result<> VmChannel::receive(Bytes& into, Deadline deadline) {
  while (true) {
    pump();
    if (!control_.empty()) {
      const Bytes bytes = take_control();
      into.insert(into.end(), bytes.begin(), bytes.end());
      return {};
    }
    TRY(check());
    switch (feed_.wait(deadline, interruptible_)) {
    case GuestFeed::Woken::kOutput:
      break;
    case GuestFeed::Woken::kDeadline:
      return fail(StatusCode::kTimeout, "no byte came from the guest in time");
    case GuestFeed::Woken::kInterrupted:
      return fail(StatusCode::kInterrupted, "interrupted");
    }
  }
}

void VmChannel::pump() {
  const GuestOutput output = feed_.take();
  control_.insert(control_.end(), output.control.begin(), output.control.end());
  ring_doorbells_ += output.ring_doorbells;
  monitor_.deliver(output);
  if (on_pump_) {
    on_pump_();
  }
}

} // namespace schedrig::kvm

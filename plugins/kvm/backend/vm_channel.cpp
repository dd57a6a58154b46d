// SPDX-License-Identifier: MIT
// Sending to and receiving from the guest's control port.
#include "backend/vm_channel.hpp"

#include <algorithm>

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
  pump();
  TRY(check());
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  return vm_->send(bytes, std::max(left, std::chrono::milliseconds(1)));
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

// SPDX-License-Identifier: MIT
// ByteChannel: the host's end of the control channel as a stream of bytes. Implemented over the
// VMM's console port, and over a socket in tests. Thread: one at a time.
#pragma once

#include <chrono>

#include <schedrig/result.hpp>

#include "channel/messages.hpp"

namespace schedrig::kvm {

// CLOCK_MONOTONIC.
using Deadline = std::chrono::steady_clock::time_point;

class ByteChannel {
 public:
  // All of it, or an error: kTimeout, kGuestFailed (nobody will read it any more).
  [[nodiscard]] virtual Result<> send(ByteView bytes, Deadline deadline) = 0;

  // Waits for at least one byte and appends what is there. kTimeout; kGuestFailed: there will be
  // none; kInterrupted where the implementation can be interrupted.
  [[nodiscard]] virtual Result<> receive(Bytes& into, Deadline deadline) = 0;

 protected:
  ~ByteChannel() = default;
};

} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// MachineWaits: how a facet lets the machine run until something has happened. Implemented by the
// machine, which delivers events meanwhile; by a test over a socket. Thread: host thread.
#pragma once

#include <cstdint>
#include <functional>

#include <schedrig/backend.hpp>
#include <schedrig/result.hpp>

namespace schedrig::kvm {

class MachineWaits {
 public:
  // Until enough() says so, the machine's clock reads deadline_ns, or as Machine::wait_until. When
  // enough() was the reason, kEvent.
  [[nodiscard]] virtual Result<WakeReason> wait(std::int64_t deadline_ns,
                                                const std::function<bool()>& enough) = 0;

 protected:
  ~MachineWaits() = default;
};

} // namespace schedrig::kvm

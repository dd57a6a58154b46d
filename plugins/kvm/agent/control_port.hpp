// SPDX-License-Identifier: MIT
// Finds and opens the virtio-console port that is the control channel.
//
// Fact (drivers/char/virtio_console.c): a port's name arrives in a control message after the
// device is up, from a work queue; then /sys/class/virtio-ports/vportNpM/name exists.
#pragma once

#include <cstdint>

#include <schedrig/result.hpp>

#include "vmm/unique_fd.hpp"

namespace schedrig::agent {

inline constexpr char kControlPortName[] = "schedrig.control";

// Waits until the port is there. kTimeout lists the ports that are.
[[nodiscard]] Result<kvm::UniqueFd> open_control_port(std::int64_t timeout_ns);

} // namespace schedrig::agent

// SPDX-License-Identifier: MIT
// The machine's submission ring as the guest's kernel shows it to programs: two files of a PCI
// function (schedrig/ring.h maps one and writes to the other). Thread: any.
#pragma once

#include <string>
#include <vector>

namespace schedrig::agent {

// The board's second function (vmm/board.cpp).
inline constexpr const char* kRingFunctionDirectory = "/sys/bus/pci/devices/0000:00:02.0";

// SCHEDRIG_RING and SCHEDRIG_RING_DOORBELL for a payload's environment; nothing where the directory
// is not that of a ring.
[[nodiscard]] std::vector<std::string>
ring_environment(const std::string& directory = kRingFunctionDirectory);

} // namespace schedrig::agent

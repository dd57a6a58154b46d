// SPDX-License-Identifier: MIT
// What a case needs that a machine may lack: facets, cgroup controllers, interrupts, the shape that
// the suite was written for, a root cgroup that is the hierarchy's. A case that cannot be tried is
// skipped with the reason; whether the machine really lacks it is asked of the machine.
#pragma once

#include <span>
#include <string>

#include "tests/contract/file_cases.hpp"
#include "tests/contract/op_cases.hpp"

namespace schedrig::contract {

// Why the case cannot be tried on this machine; empty: it can.
[[nodiscard]] std::string why_not(const OpCase& one, const Scenario& scenario,
                                  BootedMachine& machine);
[[nodiscard]] std::string why_not(const FileCase& one, BootedMachine& machine);
// Why the backend has no workers of these types: it refuses them as unsupported. Empty: it has.
[[nodiscard]] std::string why_no_workers(std::span<const WorkType> types, BootedMachine& machine);

} // namespace schedrig::contract

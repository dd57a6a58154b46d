// SPDX-License-Identifier: MIT
// What a case needs that a machine may lack: facets, cgroup controllers, interrupts, the shape that
// the suite was written for, a root cgroup that is the hierarchy's. A case that cannot be tried is
// skipped with the reason; whether the machine really lacks it is asked of the machine.
#pragma once

#include <string>

#include "tests/contract/file_cases.hpp"
#include "tests/contract/op_cases.hpp"

namespace schedrig::contract {

// Why the case cannot be tried on this machine; empty: it can.
[[nodiscard]] std::string why_not(const OpCase& one, const Scenario& scenario,
                                  BootedMachine& machine);
[[nodiscard]] std::string why_not(const FileCase& one, BootedMachine& machine);

} // namespace schedrig::contract

// SPDX-License-Identifier: MIT
// Which parts of two saved states of one machine differ, by their names: "vcpu1.regs",
// "vcpu0.msr 0x6e0", "irqchip2", "board". Empty: they are equal byte for byte.
#pragma once

#include <set>
#include <string>

#include "vmm/state/machine_state.hpp"

namespace schedrig::kvm::test {

[[nodiscard]] std::set<std::string> differing_parts(const MachineState& a, const MachineState& b);

} // namespace schedrig::kvm::test

// SPDX-License-Identifier: MIT
// The cases of the payload ops. They need schedrig.payloads/1; a backend without it refuses them.
#pragma once

#include <vector>

#include "tests/contract/op_cases.hpp"

namespace schedrig::contract {

// What every payload case declares: programs that any machine has.
[[nodiscard]] std::vector<PayloadDef> contract_payloads();

// Whether the case cannot run on a backend without the facet.
[[nodiscard]] bool needs_payloads(const OpCase& one);

void payload_cases(std::vector<OpCase>& cases);

} // namespace schedrig::contract

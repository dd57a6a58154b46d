// SPDX-License-Identifier: MIT
// What guest/init.cpp must print for "topology", sizes of nodes aside.
#pragma once

#include <string>

#include <schedrig/topology.hpp>

namespace schedrig::kvm::test {

[[nodiscard]] std::string expected_topology(const Topology& topology);

} // namespace schedrig::kvm::test

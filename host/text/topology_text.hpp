// SPDX-License-Identifier: MIT
// The short form of a topology: "1n2l4c2t" is 1 NUMA node, 2 LLCs in all, 4 cores in each LLC, 2
// threads on each core. Formatting is the SDK's to_string(TopologyView). Thread: any.
#pragma once

#include <string_view>

#include <schedrig/result.hpp>
#include <schedrig/topology.hpp>

namespace schedrig::text {

// kInvalidArgument: not of that form, or what validate() refuses (with its message); nothing is
// allocated for a shape that is too large.
[[nodiscard]] Result<Topology> parse_topology(std::string_view text);

} // namespace schedrig::text

// SPDX-License-Identifier: MIT
// Where workers may run, as a config says it: cpuset specs, affinity intents, memory policies.
// Form only: whether an LLC or CPU exists is known when the machine is. Thread: the Decoder's.
#pragma once

#include <cstdint>
#include <vector>

#include <schedrig/ops.hpp>

#include "host/config/decoder.hpp"

namespace schedrig::config {

// { llc = 0 }, { numa = 0 }, { range = [0.5, 1.0] }, { disjoint = { index, of } },
// { overlap = { index, of, frac } }, { exact = "0-3,8" }
void decode_cpuset(Decoder& decoder, const FieldInfo& info, const Node& value, CpusetSpec& to);

// A word, or { random = { count = 2 } }, or { exact = "0-3,8" }
void decode_affinity(Decoder& decoder, const FieldInfo& info, const Node& value,
                     AffinityIntent& to);

// A word, or { bind = [0] } and the like.
void decode_mem_policy(Decoder& decoder, const FieldInfo& info, const Node& value, MemPolicy& to);

// A list string "0-3,8" or a list of integers; ascending, distinct, not empty, below kMaxCpus.
void decode_cpus(Decoder& decoder, const FieldInfo& info, const Node& value,
                 std::vector<std::uint32_t>& to);

[[nodiscard]] std::span<const Form> cpuset_forms();
[[nodiscard]] std::span<const Form> affinity_forms();
[[nodiscard]] std::span<const Form> mem_policy_forms();

} // namespace schedrig::config

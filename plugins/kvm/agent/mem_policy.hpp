// SPDX-License-Identifier: MIT
// The memory policy of this process, which the workers that it forks inherit. Thread: any.
#pragma once

#include <cstdint>
#include <span>

#include <schedrig/mem_policy.hpp>
#include <schedrig/result.hpp>

namespace schedrig::agent {

// set_mempolicy(2). Errors: mem_policy.hpp of the SDK.
[[nodiscard]] Result<> set_mem_policy(MemPolicyMode mode, std::span<const std::uint32_t> nodes);

} // namespace schedrig::agent

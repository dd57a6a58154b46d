// SPDX-License-Identifier: MIT
// Pins processes of this machine to CPUs. Thread: any.
#pragma once

#include <cstdint>
#include <span>

#include <schedrig/result.hpp>

namespace schedrig::agent {

// sched_setaffinity(2) for each pid in order, up to the first that fails. Errors: affinity.hpp of
// the SDK.
[[nodiscard]] Result<> pin(std::span<const std::int32_t> pids, std::span<const std::uint32_t> cpus);

} // namespace schedrig::agent

// SPDX-License-Identifier: MIT
// The affinity facet: pins processes of the machine to CPUs while they run. Which CPUs an intent
// means is the host's business (docs/reference/ops.md, "Affinity").
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <schedrig/status.hpp>

namespace schedrig {

// What one call may carry; more is kInvalidArgument.
inline constexpr std::uint32_t kMaxPinnedProcesses = 4096;

class AffinityFacet {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.affinity/1";

  // [host-thread] sched_setaffinity(2) to `cpus` for each of `pids` in order; stops at the first
  // that fails. kOs names the pid: ESRCH when there is none, EINVAL when its cpuset has none of the
  // CPUs. kInvalidArgument: no CPU at all, a pid below 1, more than kMaxPinnedProcesses.
  virtual Status pin(std::span<const std::int32_t> pids,
                     std::span<const std::uint32_t> cpus) noexcept = 0;

 protected:
  ~AffinityFacet() = default;
};

} // namespace schedrig

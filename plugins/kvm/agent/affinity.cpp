// SPDX-License-Identifier: MIT
#include "agent/affinity.hpp"

#include <algorithm>
#include <cerrno>
#include <string>

#include <sched.h>

namespace schedrig::agent {

Result<> pin(std::span<const std::int32_t> pids, std::span<const std::uint32_t> cpus) {
  if (cpus.empty()) {
    return fail(StatusCode::kInvalidArgument, "an affinity without a CPU");
  }
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const std::uint32_t cpu : cpus) {
    if (cpu >= CPU_SETSIZE) {
      return fail(StatusCode::kInvalidArgument,
                  "affinity names a CPU above " + std::to_string(CPU_SETSIZE - 1));
    }
    CPU_SET(cpu, &set);
  }
  // 0 would be the agent itself.
  if (std::ranges::any_of(pids, [](std::int32_t pid) { return pid < 1; })) {
    return fail(StatusCode::kInvalidArgument, "a pid below 1");
  }
  for (const std::int32_t pid : pids) {
    if (::sched_setaffinity(pid, sizeof set, &set) != 0) {
      return fail_errno(errno, "sched_setaffinity of pid " + std::to_string(pid) + " to " +
                                   std::to_string(cpus.size()) + " CPUs from " +
                                   std::to_string(cpus.front()));
    }
  }
  return {};
}

} // namespace schedrig::agent

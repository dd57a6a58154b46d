// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <string>

#include <schedrig/work_check.hpp>

#include "plugins/mock/work/workers.hpp"

namespace schedrig::mock {

Status check_work(const WorkSpec& spec, std::uint32_t cpus) {
  if (Status status = check_work_spec(spec); !status.ok()) {
    return status;
  }
  // As sched_setaffinity(2): CPUs that do not exist are passed over, but one must be left.
  const bool none_exists =
      std::ranges::all_of(spec.cpus, [&](std::uint32_t cpu) { return cpu >= cpus; });
  if (!spec.cpus.empty() && none_exists) {
    return Status::make(StatusCode::kOs,
                        "spawn: sched_setaffinity: none of the CPUs of the affinity exists",
                        "the machine has CPUs 0 to " + std::to_string(cpus - 1), EINVAL);
  }
  return {};
}

} // namespace schedrig::mock

// SPDX-License-Identifier: MIT
// The state dump that sched_ext makes when it ends a scheduler (scx_dump_state() and
// scx_dump_task() of kernel/sched/ext.c, Linux 6.12 to 7.2; a simulated machine writes the same
// form). It has the CPUs that do not idle, and of each the task that runs and those that wait.
// Text of the guest's: what is no line of a dump is left out. Pure; thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "host/triage/evidence.hpp"

namespace schedrig::triage {

// Nothing if no CPU is told of. `cpus`: how many the machine has; those that are not told of idle.
[[nodiscard]] std::optional<Scene> read_kernel_dump(std::string_view dump, std::uint32_t cpus,
                                                    std::int64_t at_ns);

} // namespace schedrig::triage

// SPDX-License-Identifier: MIT
// The op set_affinity, and what spawning shares with it. Meanings: docs/reference/ops.md.
#pragma once

#include <schedrig/ops.hpp>

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

Result<> apply(OpContext& context, const SetAffinity& op);

// Pins the workers of a group; `cgroup` is theirs, or null for the runner's.
Result<> pin_group(OpContext& context, const WorkerGroup& group, const Cgroup* cgroup,
                   const AffinityIntent& intent);

// Whether workers get this affinity by AffinityFacet::pin. Else they inherit theirs, or the tasks
// facet gives it to the whole group (WorkSpec::cpus).
[[nodiscard]] bool needs_pinning(const AffinityIntent& intent);

} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
#include "host/engine/ops_worker.hpp"

#include "host/engine/workers.hpp"

namespace schedrig::engine {

Result<> apply(OpContext& context, const Spawn& op) {
  if (op.cgroup) {
    return spawn_workers(context, op.work, TRY(context.books.require(*op.cgroup)));
  }
  if (op.work.workers_pct) {
    return fail(StatusCode::kInvalidArgument,
                "workers_pct with placement = \"runner\": there is no cpuset to take a share of",
                "give workers = N, or place the group in a cgroup");
  }
  return spawn_workers(context, op.work, nullptr);
}

} // namespace schedrig::engine

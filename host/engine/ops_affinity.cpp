// SPDX-License-Identifier: MIT
#include "host/engine/ops_affinity.hpp"

#include "host/engine/affinity.hpp"

namespace schedrig::engine {
namespace {

Result<std::vector<PinnedWorkers>> resolve_for(OpContext& context, const Cgroup* cgroup,
                                               std::uint32_t workers, WorkType type,
                                               const AffinityIntent& intent) {
  AffinityPool pool = {
      .topology = context.session.topology(), .online = context.session.online(), .cpuset = {}};
  if (cgroup != nullptr) {
    pool.cpuset = cgroup->cpuset;
  }
  return resolve_affinity(intent, workers, work_type_info(type).group_size, pool,
                          context.affinity_random);
}

} // namespace

bool needs_pinning(const AffinityIntent& intent) {
  return !std::holds_alternative<InheritAffinity>(intent) &&
         !std::holds_alternative<ExactAffinity>(intent);
}

Result<> pin_group(OpContext& context, const WorkerGroup& group, const Cgroup* cgroup,
                   const AffinityIntent& intent) {
  AffinityFacet* const affinity = context.session.affinity();
  if (affinity == nullptr) {
    return fail(StatusCode::kUnsupported, "the machine cannot pin running processes",
                "use affinity = \"inherit\" or { exact = \"...\" } at spawn");
  }
  const auto workers = static_cast<std::uint32_t>(group.pids.size());
  for (const PinnedWorkers& pinned :
       TRY(resolve_for(context, cgroup, workers, group.type, intent))) {
    std::vector<std::int32_t> pids;
    for (const std::uint32_t worker : pinned.workers) {
      pids.push_back(group.pids[worker]);
    }
    if (auto done = from_status(affinity->pin(pids, pinned.cpus)); !done) {
      context.session.note_failure(done.error());
      return done;
    }
  }
  return {};
}

Result<> apply(OpContext& context, const SetAffinity& op) {
  const Cgroup* const cgroup = TRY(context.books.require(op.cgroup));
  // Also where nobody is to be pinned, an intent that the cpuset cannot give is an error.
  TRY(resolve_for(context, cgroup, 0, WorkType::kSpin, op.affinity));
  for (const WorkerGroup& group : context.books.groups()) {
    if (group.cgroup == op.cgroup) {
      TRY(pin_group(context, group, cgroup, op.affinity));
    }
  }
  return {};
}

} // namespace schedrig::engine

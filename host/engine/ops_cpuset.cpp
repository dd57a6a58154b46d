// SPDX-License-Identifier: MIT
#include "host/engine/ops_cpuset.hpp"

#include "host/engine/cpu_use.hpp"
#include "host/engine/cpuset.hpp"

namespace schedrig::engine {

Result<> limit_cpus(OpContext& context, Cgroup& cgroup, const CpusetSpec& spec) {
  const auto cpus = TRY(resolve(spec, context.session.topology(), context.session.online()));
  TRY(context.tree.set_cpus(cgroup.name, cpus));
  return note_cpuset(context, cgroup, cpus);
}

Result<> apply(OpContext& context, const SetCpuset& op) {
  return limit_cpus(context, *TRY(context.books.require(op.cgroup)), op.cpus);
}

Result<> apply(OpContext& context, const ClearCpuset& op) {
  Cgroup* const cgroup = TRY(context.books.require(op.cgroup));
  TRY(context.tree.set_cpus(cgroup->name, {}));
  return note_cpuset(context, *cgroup, {});
}

Result<> apply(OpContext& context, const SwapCpusets& op) {
  if (op.a == op.b) {
    return fail(StatusCode::kInvalidArgument,
                "swap_cpusets of \"" + op.a + "\" with \"" + op.b + "\", which is the same cgroup",
                "name two cgroups");
  }
  Cgroup* const a = TRY(context.books.require(op.a));
  Cgroup* const b = TRY(context.books.require(op.b));
  const auto cpus_of_a = TRY(context.tree.read_cpus(a->name));
  const auto cpus_of_b = TRY(context.tree.read_cpus(b->name));
  TRY(context.tree.set_cpus(a->name, cpus_of_b));
  if (auto second = context.tree.set_cpus(b->name, cpus_of_a); !second) {
    if (auto undone = context.tree.set_cpus(a->name, cpus_of_a); !undone) {
      second.error().message += "; and the first could not be put back: " + undone.error().message;
      context.books.set_cpuset(*a, cpus_of_b);
    }
    return second;
  }
  TRY(note_cpuset(context, *a, cpus_of_b));
  return note_cpuset(context, *b, cpus_of_a);
}

} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
#include "host/engine/ops_cgroup.hpp"

#include <algorithm>

#include "host/engine/ops_cpuset.hpp"
#include "host/engine/payloads.hpp"
#include "host/engine/workers.hpp"

namespace schedrig::engine {
namespace {

// How long a removed cgroup may stay busy with tasks that are exiting; the same as freeze's.
constexpr std::int64_t kRemoveLimitNs = 2'000'000'000;

// Enters the name in the books and makes the directory; neither without the other.
Result<Cgroup*> make_empty(OpContext& context, const std::string& name) {
  Cgroup entry;
  entry.name = name;
  entry.scope = context.scope;
  entry.pos = context.pos;
  Cgroup* cgroup = TRY(context.books.add(std::move(entry)));
  if (auto created = context.tree.create(name); !created) {
    context.books.remove(name);
    return std::unexpected(std::move(created).error());
  }
  return cgroup;
}

void note_thawed(OpContext& context, Cgroup& cgroup) {
  if (cgroup.frozen_since_ns) {
    cgroup.frozen.push_back(
        {.start_ns = *cgroup.frozen_since_ns, .end_ns = context.session.now_ns()});
    cgroup.frozen_since_ns.reset();
  }
}

} // namespace

Result<> create_cgroup(OpContext& context, const CgroupDef& def) {
  Cgroup* cgroup = TRY(make_empty(context, def.name));
  if (def.cpuset) {
    TRY(limit_cpus(context, *cgroup, *def.cpuset));
  }
  TRY(context.tree.apply_knobs(def));
  for (const WorkGroup& work : def.work) {
    TRY(spawn_workers(context, work, cgroup));
  }
  if (!def.payload.empty()) {
    const PayloadDef* payload = TRY(find_payload(context, def.payload));
    TRY(start_payload(context, *payload, {}, cgroup));
  }
  return {};
}

Result<> remove_cgroup(OpContext& context, Cgroup& cgroup) {
  Result<> first;
  const auto keep_first = [&](Result<> result) {
    if (first && !result) {
      first = std::move(result);
    }
  };
  if (cgroup.frozen_since_ns && !context.session.lost()) {
    keep_first(context.tree.set_frozen(cgroup.name, false));
    note_thawed(context, cgroup);
  }
  keep_first(end_payloads_of_cgroup(context, cgroup));
  keep_first(stop_workers_of_cgroup(context, cgroup));
  if (!context.session.lost()) {
    keep_first(context.tree.drain_and_remove(cgroup.name, kRemoveLimitNs));
  }
  // Copied: the books' entry owns the name.
  const std::string name = cgroup.name;
  context.books.remove(name);
  return first;
}

Result<> apply(OpContext& context, const AddCgroup& op) {
  (void)TRY(make_empty(context, op.name));
  return {};
}

Result<> apply(OpContext& context, const AddCgroupDef& op) {
  return create_cgroup(context, op.def);
}

Result<> apply(OpContext& context, const RemoveCgroup& op) {
  if (op.missing_ok && context.books.find(op.cgroup) == nullptr) {
    return {};
  }
  return remove_cgroup(context, *TRY(context.books.require(op.cgroup)));
}

Result<> apply(OpContext& context, const StopCgroup& op) {
  Cgroup* cgroup = TRY(context.books.require(op.cgroup));
  auto ended = end_payloads_of_cgroup(context, *cgroup);
  auto stopped = stop_workers_of_cgroup(context, *cgroup);
  return ended ? stopped : ended;
}

Result<> apply(OpContext& context, const FreezeCgroup& op) {
  Cgroup* cgroup = TRY(context.books.require(op.cgroup));
  const auto pids = TRY(context.tree.read_procs(cgroup->name, false));
  if (std::ranges::find(pids, 1) != pids.end()) {
    return fail(StatusCode::kInvalidArgument,
                "cgroup \"" + cgroup->name + "\" holds process 1, which carries out this run's ops",
                "who observes must not be frozen with what it observes: move it out first");
  }
  const std::int64_t before = context.session.now_ns();
  TRY(context.tree.set_frozen(cgroup->name, true));
  if (!cgroup->frozen_since_ns) {
    cgroup->frozen_since_ns = before;
  }
  if (op.wait_ns == 0) {
    return {};
  }
  return context.tree.wait_frozen(cgroup->name, op.wait_ns);
}

Result<> apply(OpContext& context, const UnfreezeCgroup& op) {
  Cgroup* cgroup = TRY(context.books.require(op.cgroup));
  TRY(context.tree.set_frozen(cgroup->name, false));
  note_thawed(context, *cgroup);
  return {};
}

Result<> apply(OpContext& context, const CaptureCgroupProcs& op) {
  if (op.tag.empty()) {
    return fail(StatusCode::kInvalidArgument, "the tag is empty",
                "give tag = \"...\": results are found by it");
  }
  Cgroup* cgroup = TRY(context.books.require(op.cgroup));
  auto pids = TRY(context.tree.read_procs(cgroup->name, op.threads));
  context.report.cgroup_procs.push_back(
      {.tag = op.tag, .cgroup = op.cgroup, .pids = std::move(pids)});
  return {};
}

} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
#include "host/engine/ops_move.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "host/engine/cpu_use.hpp"

namespace schedrig::engine {
namespace {

// Tasks that fork while they are moved leave children behind, which are moved in the next round;
// the same limit as that of a removal.
constexpr std::int64_t kMoveLimitNs = 2'000'000'000;

std::string in_quotes(const std::string& name) {
  return "\"" + name + "\"";
}

std::vector<WorkerGroup*> groups_in(Books& books, const std::string& cgroup) {
  std::vector<WorkerGroup*> found;
  for (WorkerGroup& group : books.groups()) {
    if (group.cgroup == cgroup) {
      found.push_back(&group);
    }
  }
  return found;
}

// The groups beside the runner that from = "" means: all have one owner.
Result<std::vector<WorkerGroup*>> runner_groups(OpContext& context) {
  auto groups = groups_in(context.books, "");
  if (groups.empty()) {
    return fail(StatusCode::kNotFound,
                "move_all_tasks from \"\": there are no workers beside the runner now",
                "from = \"\" means workers spawned with placement = \"runner\"");
  }
  const Owner owner = groups.front()->scope.owner;
  if (std::ranges::any_of(groups, [&](const auto* group) { return group->scope.owner != owner; })) {
    return fail(StatusCode::kInvalidArgument,
                "move_all_tasks from \"\": both the backdrop and this step have workers beside the "
                "runner: which of them is meant?",
                "spawn one of the two into a cgroup and name that");
  }
  return groups;
}

Result<> check_owners(const OpContext& context, Owner from, const MoveAllTasks& op,
                      const Cgroup& to) {
  const bool allowed = context.scope.owner == Owner::kBackdrop || from == Owner::kStep ||
                       to.scope.owner == Owner::kBackdrop;
  if (allowed) {
    return {};
  }
  return fail(StatusCode::kInvalidArgument,
              "move_all_tasks from " + in_quotes(op.from) + " of the backdrop to " +
                  in_quotes(op.to) + " of " + to.scope.name +
                  ": that cgroup ends with its step, the workers live "
                  "longer",
              "declare " + in_quotes(op.to) + " in the backdrop");
}

// What leaves a step's hands for a cgroup of the backdrop is the backdrop's from now on.
Result<> rekey(OpContext& context, const std::vector<WorkerGroup*>& groups, Owner from,
               const Cgroup& to) {
  for (WorkerGroup* group : groups) {
    TRY(note_arrival(context, *group, to));
    context.books.move_group(*group, to, context.session.now_ns());
    if (from == Owner::kStep) {
      group->scope = to.scope;
    }
  }
  return {};
}

} // namespace

Result<> apply(OpContext& context, const MoveAllTasks& op) {
  if (op.from == op.to) {
    return fail(StatusCode::kInvalidArgument,
                "move_all_tasks from " + in_quotes(op.from) + " to " + in_quotes(op.to) +
                    ", which is the same place",
                "name two cgroups");
  }
  if (op.to.empty()) {
    return fail(StatusCode::kInvalidArgument,
                "move_all_tasks from " + in_quotes(op.from) +
                    " to \"\": workers cannot be moved "
                    "beside the runner",
                "name a cgroup in to");
  }
  if (op.from.empty()) {
    const Cgroup* const to = TRY(context.books.require(op.to));
    const auto groups = TRY(runner_groups(context));
    const Owner owner = groups.front()->scope.owner;
    TRY(check_owners(context, owner, op, *to));
    std::vector<std::int32_t> pids;
    for (const WorkerGroup* group : groups) {
      pids.insert(pids.end(), group->pids.begin(), group->pids.end());
    }
    TRY(context.tree.move_from_root(pids, to->name));
    return rekey(context, groups, owner, *to);
  }
  const Cgroup* const from = TRY(context.books.require(op.from));
  const Cgroup* const to = TRY(context.books.require(op.to));
  TRY(check_owners(context, from->scope.owner, op, *to));
  TRY(context.payloads.require_movable(from->name, to->name));
  TRY(context.tree.move_all(from->name, to->name, kMoveLimitNs));
  TRY(rekey(context, groups_in(context.books, from->name), from->scope.owner, *to));
  const bool changes_hands = from->scope.owner == Owner::kStep;
  context.payloads.move(from->name, to->name,
                        changes_hands ? std::optional(to->scope) : std::nullopt);
  return {};
}

} // namespace schedrig::engine

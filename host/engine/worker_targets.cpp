// SPDX-License-Identifier: MIT
#include "host/engine/worker_targets.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/engine/kernel_targets.hpp"
#include "host/kernel_view/task_field.hpp"
#include "host/text/integer.hpp"

namespace schedrig::engine {
namespace {

// Field 22; what stands before the third is the command's name, which may hold anything.
Result<std::uint64_t> start_ticks(std::string_view stat) {
  constexpr int kFieldsBefore = 22 - 3;
  std::string_view rest = stat.substr(std::min(stat.size(), stat.rfind(')')));
  for (int i = 0; i <= kFieldsBefore && !rest.empty(); ++i) {
    rest.remove_prefix(std::min(rest.size(), rest.find(' ')));
    rest.remove_prefix(rest.empty() ? 0 : 1);
  }
  const auto ticks = text::parse_decimal(rest.substr(0, rest.find(' ')));
  if (!ticks) {
    return fail(StatusCode::kBadData, "field 22 is missing");
  }
  return *ticks;
}

// In the order of spawning.
Result<std::int32_t> pid_of(OpContext& context, const WorkerTarget& target) {
  (void)TRY(context.books.require(target.cgroup));
  std::uint64_t before = 0;
  for (const WorkerGroup& group : context.books.groups()) {
    if (group.cgroup != target.cgroup) {
      continue;
    }
    if (target.worker - before < group.pids.size()) {
      return group.pids[target.worker - before];
    }
    before += group.pids.size();
  }
  return fail(StatusCode::kNotFound,
              "cgroup \"" + target.cgroup + "\" has no worker " + std::to_string(target.worker),
              before == 0 ? "it has none at all"
                          : "it has workers 0 to " + std::to_string(before - 1));
}

Result<TaskTarget> task_of(OpContext& context, const WorkerTarget& target) {
  const std::int32_t pid = TRY(pid_of(context, target));
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  const std::string stat = TRY(context.session.files().read(path));
  auto ticks = start_ticks(stat);
  if (!ticks) {
    return std::unexpected(std::move(ticks).error().context(path));
  }
  return TaskTarget{
      .pid = pid, .start_time_ns = *ticks * kernel_view::kProcTickNs, .field = target.field};
}

Result<> replace_worker(OpContext& context, KernelTarget& target) {
  const auto* worker = std::get_if<WorkerTarget>(&target);
  if (worker == nullptr) {
    return {};
  }
  auto task = task_of(context, *worker);
  if (!task) {
    return std::unexpected(std::move(task).error().context(to_string(target)));
  }
  target = *std::move(task);
  return {};
}

} // namespace

Result<Op> with_workers_as_tasks(OpContext& context, const Op& op) {
  Op found = op;
  if (auto* read = std::get_if<ReadKernelCold>(&found.body)) {
    TRY(replace_worker(context, read->target));
  }
  if (auto* write = std::get_if<WriteKernelCold>(&found.body)) {
    for (KernelWrite& entry : write->writes) {
      TRY(replace_worker(context, entry.target));
    }
  }
  return found;
}

} // namespace schedrig::engine

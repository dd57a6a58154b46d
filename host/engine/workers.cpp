// SPDX-License-Identifier: MIT
#include "host/engine/workers.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

#include "host/engine/mem_policy.hpp"
#include "host/engine/ops_affinity.hpp"
#include "host/engine/wake_latency.hpp"

namespace schedrig::engine {
namespace {

// A worker hears the request within one unit of work once it runs. 5 s lets thousands of them run
// on one slow CPU; who has not ended by then is killed and reported as not completed.
constexpr std::int64_t kStopGraceNs = 5'000'000'000;

class PidCollector final : public PidSink {
 public:
  explicit PidCollector(std::vector<std::int32_t>& pids) : pids_(pids) {}
  void on_pid(std::uint32_t /*worker*/, std::int32_t pid) noexcept override {
    pids_.push_back(pid);
  }

 private:
  std::vector<std::int32_t>& pids_;
};

class ReportCollector final : public WorkerReportSink {
 public:
  ReportCollector(const WorkerGroup& group, std::vector<Interval> frozen,
                  std::vector<WorkerRecord>& out)
      : group_(group), frozen_(std::move(frozen)), out_(out) {}

  void on_report(const WorkerReport& report) noexcept override {
    WorkerRecord record;
    record.cgroup = group_.cgroup;
    record.step = group_.spawned_by;
    record.group = group_.number;
    record.worker = report.worker;
    record.pid = report.pid;
    record.type = group_.type;
    record.nice = group_.nice;
    record.started = group_.started;
    record.completed = report.completed != 0;
    record.wait_status = report.wait_status;
    record.work_units = report.work_units;
    record.iterations = report.iterations;
    record.migrations = report.migrations;
    record.start_ns = group_.start_ns;
    record.cpu_ns = report.cpu_ns;
    record.wall_ns = report.wall_ns;
    record.run_delay_ns = report.run_delay_ns;
    record.cpus_used.assign(report.cpus_used.begin(), report.cpus_used.end());
    if (report.worker < group_.cpus_before.size()) {
      add_earlier_cpus(group_.cpus_before[report.worker], record);
    }
    record.gaps.assign(report.gaps.begin(), report.gaps.end());
    record.wake_latency = summarize(report.wake_latencies_ns, report.wakeups);
    if (!group_.unrestricted) {
      record.cpus_permitted = group_.permitted;
    }
    record.frozen = frozen_;
    out_.push_back(std::move(record));
  }

 private:
  static void add_earlier_cpus(const std::vector<std::uint32_t>& before, WorkerRecord& record) {
    std::vector<std::uint32_t> all;
    std::ranges::set_union(before, record.cpus_used, std::back_inserter(all));
    record.cpus_since_limited = std::exchange(record.cpus_used, std::move(all));
  }

  const WorkerGroup& group_;
  std::vector<Interval> frozen_;
  std::vector<WorkerRecord>& out_;
};

// For a group that never came to work: its reports say nothing.
class Ignore final : public WorkerReportSink {
 public:
  void on_report(const WorkerReport& /*report*/) noexcept override {}
};

Result<> checked(OpContext& context, const Status& status) {
  auto result = from_status(status);
  if (!result) {
    context.session.note_failure(result.error());
  }
  return result;
}

Result<> stop_group(OpContext& context, WorkerGroup& group) {
  ReportCollector collector(group, context.books.frozen_times(group, context.session.now_ns()),
                            context.report.workers);
  auto stopped =
      checked(context, context.session.tasks().stop(group.facet_group, kStopGraceNs, collector));
  if (!stopped) {
    stopped = std::unexpected(std::move(stopped).error().context(
        "stop worker group " + std::to_string(group.number) + " of " + group.spawned_by));
  }
  context.books.remove_group(group);
  return stopped;
}

template <class Match> Result<> stop_matching(OpContext& context, Match&& matches) {
  Result<> first;
  auto& groups = context.books.groups();
  for (auto group = groups.begin(); group != groups.end() && !context.session.lost();) {
    auto next = std::next(group);
    if (matches(*group)) {
      auto stopped = stop_group(context, *group);
      if (first && !stopped) {
        first = std::move(stopped);
      }
    }
    group = next;
  }
  return first;
}

// Frozen workers do not hear the request: the cgroup thaws for the time of stopping, and is frozen
// again if the scenario wants it frozen.
template <class Match>
Result<> stop_in_cgroup(OpContext& context, Cgroup& cgroup, Match&& matches) {
  const auto in_cgroup = [&](const WorkerGroup& group) {
    return group.cgroup == cgroup.name && matches(group);
  };
  if (std::ranges::none_of(context.books.groups(), in_cgroup)) {
    return {};
  }
  const bool was_frozen = cgroup.frozen_since_ns.has_value();
  if (was_frozen) {
    TRY(context.tree.set_frozen(cgroup.name, false));
  }
  auto stopped = stop_matching(context, in_cgroup);
  if (was_frozen && !context.session.lost()) {
    TRY(context.tree.set_frozen(cgroup.name, true));
  }
  return stopped;
}

} // namespace

std::uint32_t worker_count(const WorkGroup& work, std::size_t cpus) {
  const std::uint32_t whole = work_group_size(work.type, work.fan_out, work.contenders);
  if (work.workers) {
    return *work.workers;
  }
  if (!work.workers_pct) {
    return whole;
  }
  const double wanted = std::ceil(static_cast<double>(cpus) * *work.workers_pct / 100.0);
  const auto groups = static_cast<std::uint32_t>(std::ceil(std::max(wanted, 1.0) / whole));
  return groups * whole;
}

Result<> spawn_workers(OpContext& context, const WorkGroup& work, Cgroup* cgroup) {
  std::vector<std::uint32_t> pinned;
  if (const auto* exact = std::get_if<ExactAffinity>(&work.affinity)) {
    pinned = exact->cpus;
  }
  const std::size_t cpus = cgroup == nullptr || cgroup->cpuset.empty()
                               ? context.session.online().size()
                               : cgroup->cpuset.size();
  const WorkSpec spec = {.type = work.type,
                         .workers = worker_count(work, cpus),
                         .burst_iterations = work.burst_iterations,
                         .burst_ns = work.burst_ns,
                         .sleep_ns = work.sleep_ns,
                         .nice = work.nice,
                         .policy = work.policy,
                         .cpus = pinned,
                         .footprint_bytes = work.footprint_bytes,
                         .stride_bytes = work.stride_bytes,
                         .hold_iterations = work.hold_iterations,
                         .fan_out = work.fan_out,
                         .contenders = work.contenders,
                         .operations = work.operations,
                         .touches = work.touches,
                         .precise_timing = work.precise_timing ? 1U : 0U,
                         .phases = work.phases};
  WorkerGroup group;
  group.number = context.report.next_group++;
  group.type = work.type;
  group.nice = work.nice;
  group.scope = context.scope;
  group.spawned_by = context.scope.name;
  group.joined_ns = context.session.now_ns();
  group.cgroup = cgroup == nullptr ? "" : cgroup->name;
  PidCollector collector(group.pids);
  TRY(begin_mem_policy(context, work.mem_policy, cgroup));
  auto spawned =
      checked(context, context.session.tasks().spawn(spec, &group.facet_group, collector));
  auto placed = context.session.lost() ? Result<>{} : end_mem_policy(context, work.mem_policy);
  TRY(std::move(spawned));

  const std::uint32_t handle = group.facet_group;
  WorkerGroup& kept = context.books.add_group(std::move(group));
  if (placed && cgroup != nullptr) {
    placed = context.tree.move_tasks(cgroup->name, kept.pids);
  }
  if (placed && needs_pinning(work.affinity)) {
    placed = pin_group(context, kept, cgroup, work.affinity);
  }
  if (placed) {
    kept.start_ns = context.session.now_ns();
    placed = checked(context, context.session.tasks().start(handle));
  }
  if (!placed) {
    if (!context.session.lost()) {
      Ignore nothing;
      (void)context.session.tasks().stop(handle, kStopGraceNs, nothing);
    }
    context.books.remove_group(kept);
    return placed;
  }
  kept.started = true;
  return {};
}

Result<> stop_workers_of_cgroup(OpContext& context, Cgroup& cgroup) {
  return stop_in_cgroup(context, cgroup, [](const WorkerGroup&) { return true; });
}

Result<> stop_workers_elsewhere(OpContext& context, Owner owner) {
  const auto owned = [owner](const WorkerGroup& group) { return group.scope.owner == owner; };
  Result<> first = stop_matching(
      context, [&](const WorkerGroup& group) { return group.cgroup.empty() && owned(group); });
  for (Cgroup& cgroup : context.books.cgroups()) {
    if (cgroup.scope.owner == owner) {
      continue;
    }
    auto stopped = stop_in_cgroup(context, cgroup, owned);
    if (first && !stopped) {
      first = std::move(stopped);
    }
  }
  return first;
}

} // namespace schedrig::engine

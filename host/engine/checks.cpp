// SPDX-License-Identifier: MIT
#include "host/engine/checks.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "host/engine/cpuset.hpp"
#include "host/text/human_duration.hpp"

namespace schedrig::engine {
namespace {

std::string who(const WorkerRecord& worker) {
  return "worker " + std::to_string(worker.worker) + " (" +
         std::string(work_type_info(worker.type).name) + ", pid " + std::to_string(worker.pid) +
         ") of " + (worker.cgroup.empty() ? "the runner" : "cgroup \"" + worker.cgroup + "\"");
}

struct LongestGap {
  const WorkerRecord* worker = nullptr;
  Gap gap;
  std::int64_t length_ns = 0; // without frozen time
};

std::optional<LongestGap> longest_gap(const std::vector<WorkerRecord>& workers) {
  std::optional<LongestGap> longest;
  for (const WorkerRecord& worker : workers) {
    for (const Gap& gap : worker.gaps) {
      const std::int64_t length = unfrozen_length(gap, worker.frozen);
      if (!longest || length > longest->length_ns) {
        longest = LongestGap{.worker = &worker, .gap = gap, .length_ns = length};
      }
    }
  }
  return longest;
}

std::string describe(const LongestGap& longest) {
  return "longest gap " + text::human_duration(longest.length_ns) + ", " + who(*longest.worker) +
         ", from " + text::human_duration(longest.gap.start_ns) + " on, resumed on CPU " +
         std::to_string(longest.gap.cpu);
}

// The run's workers that had a chance to work.
std::vector<WorkerRecord> started(const std::vector<WorkerRecord>& workers) {
  std::vector<WorkerRecord> chosen;
  std::ranges::copy_if(workers, std::back_inserter(chosen), &WorkerRecord::started);
  return chosen;
}

CheckRecord nothing_to_judge(std::string name, std::string limit) {
  return {.name = std::move(name),
          .verdict = Verdict::kSkip,
          .observed = "no workers ran",
          .limit = std::move(limit)};
}

CheckRecord not_stuck(const std::vector<WorkerRecord>& workers) {
  CheckRecord check = {.name = "not_stuck",
                       .limit = "every worker ends when asked and makes progress at least every " +
                                text::human_duration(kStuckNs)};
  if (workers.empty()) {
    return nothing_to_judge(check.name, check.limit);
  }
  for (const WorkerRecord& worker : workers) {
    const Gap life = {.start_ns = worker.start_ns, .length_ns = worker.wall_ns};
    if (!worker.completed) {
      check.verdict = Verdict::kFail;
      check.observed = who(worker) + " did not end when asked (wait status " +
                       std::to_string(worker.wait_status) + ") after " +
                       std::to_string(worker.work_units) + " units";
      return check;
    }
    if (worker.work_units == 0 && unfrozen_length(life, worker.frozen) >= kStuckNs) {
      check.verdict = Verdict::kFail;
      check.observed = who(worker) + " did no work in " + text::human_duration(worker.wall_ns);
      return check;
    }
  }
  const auto longest = longest_gap(workers);
  if (longest && longest->length_ns >= kStuckNs) {
    check.verdict = Verdict::kFail;
  }
  check.observed =
      std::to_string(workers.size()) + " workers" + (longest ? "; " + describe(*longest) : "");
  return check;
}

CheckRecord isolation(const std::vector<WorkerRecord>& workers) {
  CheckRecord check = {.name = "isolation", .limit = "workers run on their cpuset's CPUs only"};
  std::size_t limited = 0;
  for (const WorkerRecord& worker : workers) {
    if (worker.cpus_permitted.empty()) {
      continue;
    }
    ++limited;
    std::vector<std::uint32_t> outside;
    std::ranges::set_difference(worker.cpus_used, worker.cpus_permitted,
                                std::back_inserter(outside));
    if (!outside.empty()) {
      check.verdict = Verdict::kFail;
      check.observed = who(worker) + " ran on CPU " + to_cpulist(outside) +
                       ", permitted: " + to_cpulist(worker.cpus_permitted);
      return check;
    }
  }
  if (limited == 0) {
    check.verdict = Verdict::kSkip;
    check.observed = "no worker had a cpuset";
    return check;
  }
  check.observed = std::to_string(limited) + " workers with a cpuset, no excursion";
  return check;
}

CheckRecord max_gap(std::int64_t limit_ns, const std::vector<WorkerRecord>& workers) {
  CheckRecord check = {.name = "max_gap", .limit = text::human_duration(limit_ns)};
  if (workers.empty()) {
    return nothing_to_judge(check.name, check.limit);
  }
  const auto longest = longest_gap(workers);
  if (!longest) {
    check.verdict = Verdict::kInconclusive;
    check.observed = "no worker measured a gap";
    return check;
  }
  check.verdict = longest->length_ns > limit_ns ? Verdict::kFail : Verdict::kPass;
  check.observed = describe(*longest);
  return check;
}

} // namespace

std::int64_t unfrozen_length(const Gap& gap, const std::vector<Interval>& frozen) {
  const std::int64_t end = gap.start_ns + gap.length_ns;
  std::int64_t length = gap.length_ns;
  for (const Interval& interval : frozen) {
    const std::int64_t overlap =
        std::min(end, interval.end_ns) - std::max(gap.start_ns, interval.start_ns);
    length -= std::max<std::int64_t>(overlap, 0);
  }
  return std::max<std::int64_t>(length, 0);
}

std::vector<CheckRecord> evaluate_checks(const ChecksConfig& config,
                                         const std::vector<WorkerRecord>& workers) {
  const auto ran = started(workers);
  std::vector<CheckRecord> checks;
  if (config.not_stuck) {
    checks.push_back(not_stuck(ran));
  }
  if (config.isolation) {
    checks.push_back(isolation(ran));
  }
  if (config.max_gap_ns) {
    checks.push_back(max_gap(*config.max_gap_ns, ran));
  }
  return checks;
}

} // namespace schedrig::engine

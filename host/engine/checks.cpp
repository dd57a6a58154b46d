// SPDX-License-Identifier: MIT
#include "host/engine/checks.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "host/engine/check_parts.hpp"
#include "host/engine/cpuset.hpp"
#include "host/engine/rate_checks.hpp"
#include "host/text/human_duration.hpp"

namespace schedrig::engine {
namespace {

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
  return "longest gap " + text::human_duration(longest.length_ns) + ", " +
         describe_worker(*longest.worker) + ", from " + text::human_duration(longest.gap.start_ns) +
         " on, resumed on CPU " + std::to_string(longest.gap.cpu);
}

// The run's workers that had a chance to work.
std::vector<WorkerRecord> started(const std::vector<WorkerRecord>& workers) {
  std::vector<WorkerRecord> chosen;
  std::ranges::copy_if(workers, std::back_inserter(chosen), &WorkerRecord::started);
  return chosen;
}

CheckRecord not_stuck(const std::vector<WorkerRecord>& workers) {
  CheckRecord check = {.name = "not_stuck",
                       .limit = "every worker ends when asked and makes progress at least every " +
                                text::human_duration(kStuckNs)};
  if (workers.empty()) {
    return skipped(check.name, check.limit, "no worker reported");
  }
  for (const WorkerRecord& worker : workers) {
    if (!worker.completed) {
      check.verdict = Verdict::kFail;
      check.observed =
          describe_worker(worker) + " did not end when asked (wait status " +
          std::to_string(worker.wait_status) + ")" +
          (worker.work_units == 0 ? ": it has not said what it did"
                                  : " after " + std::to_string(worker.work_units) + " units");
      return check;
    }
    if (worker.work_units == 0 && unfrozen_life(worker) >= kStuckNs) {
      check.verdict = Verdict::kFail;
      check.observed =
          describe_worker(worker) + " did no work in " + text::human_duration(worker.wall_ns);
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
    const auto& used = worker.cpus_since_limited ? *worker.cpus_since_limited : worker.cpus_used;
    std::ranges::set_difference(used, worker.cpus_permitted, std::back_inserter(outside));
    if (!outside.empty()) {
      check.verdict = Verdict::kFail;
      check.observed = describe_worker(worker) + " ran on CPU " + to_cpulist(outside) +
                       ", permitted: " + to_cpulist(worker.cpus_permitted);
      return check;
    }
  }
  if (limited == 0) {
    return skipped(check.name, check.limit, "no worker had a cpuset for its whole life");
  }
  check.observed = std::to_string(limited) + " workers with a cpuset, no excursion";
  return check;
}

CheckRecord max_gap(std::int64_t limit_ns, const std::vector<WorkerRecord>& workers) {
  CheckRecord check = {.name = "max_gap", .limit = text::human_duration(limit_ns)};
  if (workers.empty()) {
    return skipped(check.name, check.limit, "no worker reported");
  }
  const auto longest = longest_gap(workers);
  if (!longest) {
    return inconclusive(check.name, check.limit, "no worker measured a gap");
  }
  check.verdict = longest->length_ns > limit_ns ? Verdict::kFail : Verdict::kPass;
  check.observed = describe(*longest);
  const auto killed = std::ranges::find(workers, false, &WorkerRecord::completed);
  if (check.verdict == Verdict::kPass && killed != workers.end()) {
    return inconclusive(check.name, check.limit,
                        describe_worker(*killed) +
                            " did not end when asked and has not said how long it stood still");
  }
  return check;
}

} // namespace

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
  evaluate_rates(config, ran, checks);
  return checks;
}

std::optional<CheckRecord> kernel_log_check(const ChecksConfig& config, const KernelLog& log) {
  if (!config.kernel_log || !log.heard_anything()) {
    return std::nullopt;
  }
  CheckRecord check = {.name = "kernel_log", .limit = "the kernel complains about nothing"};
  const auto& first = log.first_fault();
  if (!first) {
    check.observed = "no complaint";
    return check;
  }
  check.verdict = Verdict::kFail;
  check.observed = std::string(to_string(first->kind)) + " at " +
                   text::human_duration(first->at_ns) + ": " + first->text;
  if (log.complaint_count() > 1) {
    check.observed += " (of " + std::to_string(log.complaint_count()) + " complaints)";
  }
  return check;
}

} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
#include "host/engine/rate_checks.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "host/engine/check_parts.hpp"
#include "host/text/human_duration.hpp"
#include "host/text/number.hpp"

namespace schedrig::engine {
namespace {

using Workers = std::vector<WorkerRecord>;

constexpr double kSecondNs = 1e9;

// --- shares of a CPU in a group ------------------------------------------------------------------
double share_pct(const WorkerRecord& worker) {
  return 100.0 * static_cast<double>(worker.cpu_ns) / static_cast<double>(unfrozen_life(worker));
}

struct Spread {
  const WorkerRecord* least = nullptr;
  const WorkerRecord* most = nullptr;
  std::uint32_t workers = 0;

  void add(const WorkerRecord& worker) {
    least = least == nullptr || share_pct(worker) < share_pct(*least) ? &worker : least;
    most = most == nullptr || share_pct(worker) > share_pct(*most) ? &worker : most;
    ++workers;
  }
  [[nodiscard]] double points() const { return share_pct(*most) - share_pct(*least); }
};

std::string percent(double value) {
  return text::three_digits(value) + " %";
}

CheckRecord max_spread(double limit, const Workers& workers) {
  CheckRecord check = {.name = "max_spread_pct", .limit = percent(limit)};
  std::map<std::uint32_t, Spread> groups;
  const WorkerRecord* without = nullptr;
  for (const WorkerRecord& worker : workers) {
    if (unfrozen_life(worker) > 0) {
      groups[worker.group].add(worker);
    } else {
      without = &worker;
    }
  }
  std::erase_if(groups, [](const auto& group) { return group.second.workers < 2; });
  const auto worst =
      std::ranges::max_element(groups, {}, [](const auto& group) { return group.second.points(); });
  if (worst != groups.end()) {
    const Spread& spread = worst->second;
    check.observed = "spread " + percent(spread.points()) + ": " + describe_worker(*spread.least) +
                     " had " + percent(share_pct(*spread.least)) + " of a CPU, " +
                     describe_worker(*spread.most) + " " + percent(share_pct(*spread.most));
    check.verdict = spread.points() > limit ? Verdict::kFail : Verdict::kPass;
  }
  if (check.verdict != Verdict::kFail && without != nullptr) {
    return inconclusive(check.name, check.limit,
                        describe_worker(*without) + " has no time that a share could be of");
  }
  return worst != groups.end()
             ? check
             : skipped(check.name, check.limit, "no group had two workers to compare");
}

// --- wake-up latencies ---------------------------------------------------------------------------
CheckRecord max_p99_wake_latency(std::int64_t limit_ns, const Workers& workers) {
  CheckRecord check = {.name = "max_p99_wake_latency", .limit = text::human_duration(limit_ns)};
  const WorkerRecord* worst = nullptr;
  WakeLatency latency;
  for (const WorkerRecord& worker : workers) {
    if (worker.wake_latency && (worst == nullptr || worker.wake_latency->p99_ns > latency.p99_ns)) {
      worst = &worker;
      latency = *worker.wake_latency;
    }
  }
  if (worst == nullptr) {
    return inconclusive(check.name, check.limit,
                        "no worker measured a wake-up: it takes work that sleeps or waits, on a "
                        "backend that measures it");
  }
  check.verdict = latency.p99_ns > limit_ns ? Verdict::kFail : Verdict::kPass;
  check.observed = "p99 " + text::human_duration(latency.p99_ns) + ", median " +
                   text::human_duration(latency.p50_ns) + ", longest " +
                   text::human_duration(latency.max_ns) +
                   " (wake-ups: " + std::to_string(latency.count) + "), " + describe_worker(*worst);
  return check;
}

// --- ratios of one worker ------------------------------------------------------------------------
struct Ratio {
  const WorkerRecord* worker = nullptr;
  double value = 0;
};

// The worker whose ratio is worst, as `worse` orders them, and one that has none.
template <class RatioOf, class Worse>
std::pair<std::optional<Ratio>, const WorkerRecord*>
worst_ratio(const Workers& workers, RatioOf&& ratio_of, Worse&& worse) {
  std::optional<Ratio> worst;
  const WorkerRecord* without = nullptr;
  for (const WorkerRecord& worker : workers) {
    const std::optional<double> value = ratio_of(worker);
    if (!value) {
      without = without == nullptr ? &worker : without;
    } else if (!worst || worse(*value, worst->value)) {
      worst = Ratio{&worker, *value};
    }
  }
  return {worst, without};
}

CheckRecord min_iteration_rate(double limit, const Workers& workers) {
  CheckRecord check = {.name = "min_iteration_rate",
                       .limit = text::three_digits(limit) + " iterations in a second"};
  const auto rate = [](const WorkerRecord& worker) -> std::optional<double> {
    const std::int64_t life = unfrozen_life(worker);
    return life > 0 ? std::optional(static_cast<double>(worker.iterations) * kSecondNs /
                                    static_cast<double>(life))
                    : std::nullopt;
  };
  const auto [worst, without] = worst_ratio(workers, rate, std::less<>());
  if (worst) {
    check.verdict = worst->value < limit ? Verdict::kFail : Verdict::kPass;
    check.observed = text::three_digits(worst->value) + " iterations in a second, " +
                     describe_worker(*worst->worker);
  }
  if (check.verdict != Verdict::kFail && without != nullptr) {
    return inconclusive(check.name, check.limit,
                        describe_worker(*without) + " ran for no time at all");
  }
  return check;
}

CheckRecord max_migration_ratio(double limit, const Workers& workers) {
  CheckRecord check = {.name = "max_migration_ratio",
                       .limit = text::three_digits(limit) + " migrations for each iteration"};
  const auto ratio = [](const WorkerRecord& worker) -> std::optional<double> {
    return worker.iterations > 0 ? std::optional(static_cast<double>(worker.migrations) /
                                                 static_cast<double>(worker.iterations))
                                 : std::nullopt;
  };
  const auto [worst, without] = worst_ratio(workers, ratio, std::greater<>());
  if (worst) {
    check.verdict = worst->value > limit ? Verdict::kFail : Verdict::kPass;
    check.observed = text::three_digits(worst->value) + " migrations for each iteration (" +
                     std::to_string(worst->worker->migrations) + " in " +
                     std::to_string(worst->worker->iterations) + "), " +
                     describe_worker(*worst->worker);
  }
  if (check.verdict != Verdict::kFail && without != nullptr) {
    return inconclusive(check.name, check.limit,
                        describe_worker(*without) + " did no iteration: " +
                            std::to_string(without->migrations) + " migrations in 0");
  }
  return check;
}

} // namespace

void evaluate_rates(const ChecksConfig& config, const Workers& workers,
                    std::vector<CheckRecord>& to) {
  const auto judge = [&](std::string_view name, const auto& limit, auto&& check) {
    if (limit) {
      to.push_back(workers.empty() ? skipped(std::string(name), "", "no worker reported")
                                   : check(*limit, workers));
    }
  };
  judge("max_spread_pct", config.max_spread_pct, max_spread);
  judge("max_p99_wake_latency", config.max_p99_wake_latency_ns, max_p99_wake_latency);
  judge("min_iteration_rate", config.min_iteration_rate, min_iteration_rate);
  judge("max_migration_ratio", config.max_migration_ratio, max_migration_ratio);
}

} // namespace schedrig::engine

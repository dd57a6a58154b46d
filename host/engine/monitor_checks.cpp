// SPDX-License-Identifier: MIT
#include "host/engine/monitor_checks.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "host/engine/check_parts.hpp"
#include "host/engine/checks.hpp"
#include "host/text/human_duration.hpp"

namespace schedrig::engine {
namespace {

constexpr double kNsPerSecond = 1e9;
// What work conservation and lost tasks are judged by is followed from sample to sample already.
constexpr std::uint32_t kOnce = 1;

std::string at(const MonitorSample& sample) {
  return " at " + text::human_duration(sample.at_ns);
}

std::string number_text(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", number);
  return text.data();
}

// Null: the kernel does not count it.
const std::uint64_t* counter_of(const MonitorSample& sample, std::string_view name) {
  const auto found =
      std::ranges::find(sample.counters, name, &std::pair<std::string, std::uint64_t>::first);
  return found == sample.counters.end() ? nullptr : &found->second;
}

bool may_use(const triage::TaskScene& task, std::uint32_t cpu) {
  return std::ranges::find(task.allowed, cpu) != task.allowed.end(); // unknown: nothing is known
}

std::string name_of(const triage::TaskScene& task) {
  return task.comm + "[" + std::to_string(task.pid) + "]";
}

} // namespace

void MonitorChecks::note(Window& window, bool above, double value, const std::string& where) {
  ++window.judged;
  window.now = above ? window.now + 1 : 0;
  window.longest = std::max(window.longest, window.now);
  if (value > window.worst || window.where.empty()) {
    window.worst = value;
    window.where = where;
  }
}

// The busiest run queue against the one with the fewest, of which an idle one counts as one.
void MonitorChecks::imbalance(const MonitorSample& sample) {
  if (!config_.max_imbalance_ratio || sample.cpus.empty()) {
    return;
  }
  const auto [least, most] =
      std::ranges::minmax_element(sample.cpus, {}, &MonitoredCpu::nr_running);
  const double ratio = most->nr_running / static_cast<double>(std::max(least->nr_running, 1U));
  note(imbalance_, ratio > *config_.max_imbalance_ratio, ratio,
       std::to_string(most->nr_running) + " tasks on CPU " + std::to_string(most->cpu) + ", " +
           std::to_string(least->nr_running) + " on CPU " + std::to_string(least->cpu) +
           at(sample));
}

void MonitorChecks::depth(const MonitorSample& sample) {
  if (config_.max_dsq_depth) {
    note(depth_, sample.deepest > *config_.max_dsq_depth, sample.deepest,
         (sample.deepest_queue.empty() ? "no queue held any" : sample.deepest_queue) + at(sample));
  }
}

// An idle CPU has no ticks, and its clock may stand.
void MonitorChecks::clocks(const MonitorSample& sample) {
  if (!config_.stuck_clock || !last_ || last_->cpus.size() != sample.cpus.size()) {
    return;
  }
  std::uint32_t stuck = 0;
  std::string where = "every clock of a busy CPU went on";
  for (std::size_t i = 0; i < sample.cpus.size(); ++i) {
    const MonitoredCpu& cpu = sample.cpus[i];
    if (!cpu.idle && !last_->cpus[i].idle && cpu.clock_ns == last_->cpus[i].clock_ns) {
      ++stuck;
      where = "CPU " + std::to_string(cpu.cpu) + at(sample);
    }
  }
  note(clock_, stuck > 0, stuck, where);
}

void MonitorChecks::rate(Window& window, const std::optional<double>& limit,
                         std::string_view counter, const MonitorSample& sample) const {
  const std::uint64_t* const now = counter_of(sample, counter);
  const std::uint64_t* const before = last_ ? counter_of(*last_, counter) : nullptr;
  if (!limit || now == nullptr || before == nullptr || *now < *before ||
      sample.at_ns <= last_->at_ns) {
    return; // another scheduler's, or the first
  }
  const double seconds = static_cast<double>(sample.at_ns - last_->at_ns) / kNsPerSecond;
  const double rate = static_cast<double>(*now - *before) / seconds;
  note(window, rate > *limit, rate, "in a second," + at(sample));
}

void MonitorChecks::follow_idle_cpus(const MonitorReading& reading) {
  for (std::size_t i = 0; i < reading.sample.cpus.size(); ++i) {
    const MonitoredCpu& cpu = reading.sample.cpus[i];
    const auto known = idle_.find(cpu.cpu);
    if (!cpu.idle) {
      idle_.erase(cpu.cpu);
    } else if (known == idle_.end() || known->second.switches != reading.switches[i]) {
      idle_.insert_or_assign(
          cpu.cpu, Idle{.since_ns = reading.sample.at_ns, .switches = reading.switches[i]});
    }
  }
}

std::int32_t MonitorChecks::work_conservation(const MonitorReading& reading) {
  if (!config_.work_conservation_ns) {
    return 0;
  }
  std::int32_t found = 0;
  std::int64_t longest = 0;
  std::string where = "no CPU idled beside a task that waited";
  for (const triage::TaskScene& task : reading.scene.tasks) {
    for (const auto& [cpu, idle] : idle_) {
      if (task.running || !may_use(task, cpu)) {
        continue;
      }
      const std::int64_t both = std::min(task.waiting_ns, reading.sample.at_ns - idle.since_ns);
      if (both > longest) {
        longest = both;
        found = task.pid;
        where =
            "CPU " + std::to_string(cpu) + " idled beside " + name_of(task) + at(reading.sample);
      }
    }
  }
  const bool above = longest > *config_.work_conservation_ns;
  note(idle_beside_, above, static_cast<double>(longest), where);
  return above ? found : 0;
}

std::int32_t MonitorChecks::lost_task(const MonitorReading& reading) {
  if (!config_.lost_task) {
    return 0;
  }
  std::int32_t found = 0;
  std::int64_t longest = 0;
  std::string where = "every task that waited was on a queue";
  for (const triage::TaskScene& task : reading.scene.tasks) {
    const bool nowhere = !task.running && !task.queue && task.sched_class == "ext";
    if (nowhere && task.waiting_ns > longest) {
      longest = task.waiting_ns;
      found = task.pid;
      where = name_of(task) + " waited on no queue" + at(reading.sample);
    }
  }
  note(lost_, longest > kStuckNs, static_cast<double>(longest), where);
  return longest > kStuckNs ? found : 0;
}

std::int32_t MonitorChecks::feed(const MonitorReading& reading) {
  const MonitorSample& sample = reading.sample;
  imbalance(sample);
  depth(sample);
  clocks(sample);
  rate(fallback_, config_.max_fallback_rate, "SCX_EV_SELECT_CPU_FALLBACK", sample);
  rate(keep_last_, config_.max_keep_last_rate, "SCX_EV_DISPATCH_KEEP_LAST", sample);
  follow_idle_cpus(reading);
  const std::int32_t idle_beside = work_conservation(reading);
  const std::int32_t lost = lost_task(reading);
  last_ = sample;
  const std::int32_t suspect = idle_beside != 0 ? idle_beside : lost;
  return suspect == 0 || std::exchange(suspected_, true) ? 0 : suspect;
}

CheckRecord MonitorChecks::record(const std::string& name, const Window& window,
                                  const std::string& limit, const std::string& unit) const {
  const bool timed = unit == "time";
  const std::uint32_t needed = timed ? kOnce : config_.sustained_samples;
  const std::string whole =
      timed ? limit : limit + ", in " + std::to_string(needed) + " samples in a row";
  if (window.judged < needed) {
    return inconclusive(name, whole,
                        "only " + std::to_string(window.judged) + " samples could be judged");
  }
  const std::string worst = timed ? text::human_duration(static_cast<std::int64_t>(window.worst))
                                  : number_text(window.worst) + unit;
  return {.name = name,
          .verdict = window.longest >= needed ? Verdict::kFail : Verdict::kPass,
          .observed = "at most " + worst + ": " + window.where +
                      (timed ? ""
                             : "; above the limit in " + std::to_string(window.longest) +
                                   " samples in a row"),
          .limit = whole};
}

std::vector<CheckRecord> MonitorChecks::records() const {
  std::vector<CheckRecord> all;
  if (config_.work_conservation_ns) {
    all.push_back(record("work_conservation", idle_beside_,
                         text::human_duration(*config_.work_conservation_ns), "time"));
  }
  if (config_.lost_task) {
    all.push_back(record("lost_task", lost_, text::human_duration(kStuckNs), "time"));
  }
  if (config_.max_imbalance_ratio) {
    all.push_back(
        record("max_imbalance_ratio", imbalance_, number_text(*config_.max_imbalance_ratio), ""));
  }
  if (config_.max_dsq_depth) {
    all.push_back(
        record("max_dsq_depth", depth_, std::to_string(*config_.max_dsq_depth), " tasks"));
  }
  if (config_.stuck_clock) {
    all.push_back(record("stuck_clock", clock_, "no busy CPU's clock stands still", " clocks"));
  }
  if (config_.max_fallback_rate) {
    all.push_back(record("max_fallback_rate", fallback_,
                         number_text(*config_.max_fallback_rate) + " in a second", ""));
  }
  if (config_.max_keep_last_rate) {
    all.push_back(record("max_keep_last_rate", keep_last_,
                         number_text(*config_.max_keep_last_rate) + " in a second", ""));
  }
  return all;
}

} // namespace schedrig::engine

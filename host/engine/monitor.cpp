// SPDX-License-Identifier: MIT
#include "host/engine/monitor.hpp"

#include <algorithm>
#include <utility>

#include "host/engine/kernel_view_targets.hpp"
#include "host/engine/scene.hpp"
#include "host/kernel_view/event_walk.hpp"

namespace schedrig::engine {
namespace {

// A minute and a half at 100 ms: what a person looks through. The checks judge all of them.
constexpr std::size_t kMostKept = 1000;
// Of a queue: more tasks than any machine here has is a number that was read amidst a change.
constexpr std::uint32_t kMostQueued = 10'000;
// As monitors of schedulers do: often enough for what lasts half a second.
constexpr std::int64_t kUsualNs = 100'000'000;
constexpr std::int64_t kShortestNs = 1'000'000; // as [observe] monitor has it

std::string name_of(const kernel_view::DsqFacts& dsq) {
  const std::string kind(to_string(dsq.kind));
  if (dsq.kind == kernel_view::DsqKind::kUser) {
    return "DSQ " + std::to_string(dsq.id);
  }
  return kind + " DSQ" + (dsq.owner ? " of " + std::to_string(*dsq.owner) : "");
}

} // namespace

bool needs_monitor(const ChecksConfig& checks) {
  return checks.max_imbalance_ratio || checks.max_dsq_depth || checks.stuck_clock ||
         checks.max_fallback_rate || checks.max_keep_last_rate;
}

std::optional<std::int64_t> monitor_period(const Scenario& scenario) {
  if (scenario.observe.monitor_ns) {
    return scenario.observe.monitor_ns;
  }
  // Two samples within the limit: whoever idles for that long is seen twice.
  if (const auto limit = scenario.checks.work_conservation_ns) {
    return std::max(*limit / 2, kShortestNs);
  }
  return needs_monitor(scenario.checks) ? std::optional(kUsualNs) : std::nullopt;
}

Monitor::Monitor(KernelViewTargets& kernel, const ChecksConfig& checks, std::int64_t period_ns,
                 std::int64_t start_ns, RunReport& report)
    : kernel_(kernel), report_(report), checks_(checks), period_ns_(period_ns),
      next_ns_(start_ns + period_ns) {
  report_.monitor.emplace().period_ns = period_ns;
}

Result<MonitorReading> Monitor::read(std::int64_t now_ns) {
  TRY(kernel_.prepare());
  const kernel_view::KernelView& view = kernel_.view();
  const auto cpus = TRY(walk_cpus(view));
  auto tasks = TRY(kernel_view::TaskWalk::of(view));
  const auto all = TRY(tasks.all());
  const auto dsqs = walk_dsqs(view); // a kernel without sched_ext has none
  MonitorReading reading;
  MonitorSample& sample = reading.sample;
  sample.at_ns = now_ns;
  for (const kernel_view::CpuFacts& cpu : cpus) {
    sample.cpus.push_back({.cpu = cpu.cpu,
                           .nr_running = cpu.nr_running,
                           .clock_ns = cpu.clock_ns,
                           .idle = cpu.curr_pid == 0});
    reading.switches.push_back(cpu.nr_switches);
  }
  for (const kernel_view::DsqFacts& dsq : dsqs ? *dsqs : std::vector<kernel_view::DsqFacts>{}) {
    if (dsq.nr > kMostQueued) {
      return fail(StatusCode::kBadData,
                  name_of(dsq) + " seems to hold " + std::to_string(dsq.nr) + " tasks");
    }
    if (dsq.nr > sample.deepest) {
      sample.deepest = dsq.nr;
      sample.deepest_queue = name_of(dsq);
    }
    const auto owner = std::ranges::find_if(
        sample.cpus, [&](const MonitoredCpu& cpu) { return dsq.owner == cpu.cpu; });
    if (dsq.kind == kernel_view::DsqKind::kLocal && owner != sample.cpus.end()) {
      owner->local_depth = dsq.nr;
    }
  }
  reading.scene = scene_of(cpus, all, dsqs, "the monitor", now_ns);
  for (const triage::TaskScene& task : reading.scene.tasks) {
    sample.longest_wait = std::max(sample.longest_wait, task.waiting_ns);
  }
  sample.counters = TRY(kernel_view::walk_events(view));
  return reading;
}

void Monitor::look(std::int64_t now_ns) {
  next_ns_ += ((now_ns - next_ns_) / period_ns_ + 1) * period_ns_;
  MonitorRecord& record = *report_.monitor;
  auto reading = read(now_ns);
  if (!reading) {
    ++record.unreadable;
    record.error = std::move(reading).error().message;
    return;
  }
  ++record.taken;
  if (const std::int32_t suspect = checks_.feed(*reading); suspect != 0) {
    triage::Scene scene = reading->scene;
    scene.suspect = suspect;
    report_.scenes.push_back(std::move(scene));
  }
  if (record.samples.size() < kMostKept) {
    record.samples.push_back(std::move(reading->sample));
  }
}

} // namespace schedrig::engine

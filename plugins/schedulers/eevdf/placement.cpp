// SPDX-License-Identifier: MIT
// The CPU of a new or woken task: select_task_rq_fair() (kernel/sched/fair.c, Linux 6.18).
#include <algorithm>
#include <tuple>

#include "plugins/schedulers/eevdf/policy.hpp"

namespace schedrig::eevdf {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
// imbalance_pct of the sched domains that have cache in common (sd_init()): a CPU counts as busier
// from 17% more load on; wake_affine_weight() allows half of that to the previous one.
constexpr std::int64_t kImbalancePct = 117;

} // namespace

// sched_balance_find_dst_cpu(), condensed: fewest tasks on the CPU, then on its core, then in its
// LLC; the previous CPU and its successors first.
std::int32_t Eevdf::least_loaded(const SimTask& task, std::uint32_t prev) const {
  const auto n = static_cast<std::uint32_t>(cpus_.size());
  std::uint32_t best = kNone;
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::uint32_t cpu = (prev + i) % n;
    if (!may_run_on(task, cpu)) {
      continue;
    }
    const auto rank = [this](std::uint32_t id) {
      const CpuState& each = cpus_[id];
      return std::tuple(each.nr, core_nr_[each.core], llcs_[each.llc].runnable);
    };
    if (best == kNone || rank(cpu) < rank(best)) {
      best = cpu;
    }
  }
  return static_cast<std::int32_t>(best == kNone ? prev : best);
}

// wake_wide() and record_wakee(): who wakes many tasks in turn does not draw them all to itself.
bool Eevdf::wakes_many(TaskState& waker, const TaskState& woken) {
  const std::int64_t now = kernel().now_ns();
  if (now > waker.flips_since + kSecondNs) {
    waker.wakee_flips /= 2;
    waker.flips_since = now;
  }
  if (waker.last_wakee != woken.task->index) {
    waker.last_wakee = woken.task->index;
    ++waker.wakee_flips;
  }
  const auto factor = static_cast<std::uint32_t>(llcs_[cpus_[woken.cpu].llc].cpus.size());
  const std::uint32_t master = std::max(waker.wakee_flips, woken.wakee_flips);
  const std::uint32_t slave = std::min(waker.wakee_flips, woken.wakee_flips);
  return slave >= factor && master >= slave * factor;
}

// wake_affine(): the waker's CPU or the previous one.
std::uint32_t Eevdf::wake_affine(const TaskState& woken, std::uint32_t prev, bool sync) {
  const std::int32_t current = kernel().current_cpu();
  if (current < 0 || static_cast<std::uint32_t>(current) == prev) {
    return prev;
  }
  const auto here = static_cast<std::uint32_t>(current);
  const CpuState& cpu = cpus_[here];
  if (!may_run_on(*woken.task, here)) {
    return prev;
  }
  if (cpu.running != kNone && wakes_many(tasks_[cpu.running], woken)) {
    return prev;
  }
  const bool share_cache = cpu.llc == cpus_[prev].llc;
  if (is_idle(here) && share_cache) { // wake_affine_idle(): an interrupt woke it
    return is_idle(prev) ? prev : here;
  }
  if (sync && cpu.nr == 1) {
    return here;
  }
  if (is_idle(prev)) {
    return prev;
  }
  // wake_affine_weight().
  std::int64_t here_load = load_of(here) + woken.entity.weight;
  if (sync && cpu.running != kNone) {
    here_load -= tasks_[cpu.running].entity.weight;
  }
  return here_load * 100 < load_of(prev) * (100 + ((kImbalancePct - 100) / 2)) ? here : prev;
}

// select_idle_sibling(): the target, the previous CPU, an idle core of the target's LLC, an idle
// CPU of it, else the target.
std::int32_t Eevdf::idle_in_llc(const SimTask& task, std::uint32_t target,
                                std::uint32_t prev) const {
  const Llc& llc = llcs_[cpus_[target].llc];
  for (const std::uint32_t cpu : {target, prev}) {
    if (cpus_[cpu].llc == cpus_[target].llc && is_idle(cpu) && may_run_on(task, cpu)) {
      return static_cast<std::int32_t>(cpu);
    }
  }
  std::uint32_t idle = kNone;
  if (llc.idle > 0) {
    const auto size = static_cast<std::uint32_t>(llc.cpus.size());
    const auto at =
        static_cast<std::uint32_t>(std::ranges::lower_bound(llc.cpus, target) - llc.cpus.begin());
    for (std::uint32_t i = 1; i < size; ++i) {
      const std::uint32_t cpu = llc.cpus[(at + i) % size];
      if (!is_idle(cpu) || !may_run_on(task, cpu)) {
        continue;
      }
      if (core_nr_[cpus_[cpu].core] == 0) {
        return static_cast<std::int32_t>(cpu);
      }
      idle = idle == kNone ? cpu : idle;
    }
  }
  if (idle != kNone) {
    return static_cast<std::int32_t>(idle);
  }
  if (may_run_on(task, target)) {
    return static_cast<std::int32_t>(target);
  }
  return least_loaded(task, prev); // its mask has changed: select_fallback_rq()
}

} // namespace schedrig::eevdf

// SPDX-License-Identifier: MIT
// Where Eevdf lets tasks run: select_task_rq_fair() at fork and wake-up, and load balancing when a
// CPU goes idle (sched_balance_newidle()) and at ticks (sched_balance_rq()).
#include <algorithm>
#include <tuple>

#include "plugins/schedulers/eevdf/policy.hpp"

namespace schedrig::eevdf {
namespace {

// A busy CPU balances every (CPUs of the domain) x busy_factor 16 milliseconds, an idle one at
// every tick (sd_init(), get_sd_balance_interval()). In ticks of 4 ms:
constexpr std::uint32_t kBusyFactorTicks = 16 / 4;

bool allowed(const SimTask& task, std::uint32_t cpu) {
  return cpu / 64 < task.cpus_allowed.size() &&
         ((task.cpus_allowed[cpu / 64] >> (cpu % 64)) & 1U) != 0;
}

} // namespace

// sched_balance_find_dst_cpu(), condensed: fewest tasks on the CPU, then on its core, then in its
// LLC; the previous CPU and its successors first.
std::int32_t Eevdf::least_loaded(const SimTask& task, std::uint32_t prev) const {
  const auto n = static_cast<std::uint32_t>(cpus_.size());
  std::uint32_t best = kNone;
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::uint32_t cpu = (prev + i) % n;
    if (!allowed(task, cpu)) {
      continue;
    }
    const auto rank = [this](std::uint32_t id) {
      const CpuState& each = cpus_[id];
      return std::tuple(each.nr, core_nr_[each.core], llc_nr_[each.llc]);
    };
    if (best == kNone || rank(cpu) < rank(best)) {
      best = cpu;
    }
  }
  return static_cast<std::int32_t>(best == kNone ? prev : best);
}

// select_idle_sibling(): the previous CPU, an idle core of its LLC, an idle CPU of it.
std::int32_t Eevdf::idle_in_llc(const SimTask& task, std::uint32_t prev) const {
  if (allowed(task, prev) && is_idle(prev)) {
    return static_cast<std::int32_t>(prev);
  }
  const auto n = static_cast<std::uint32_t>(cpus_.size());
  std::uint32_t idle = kNone;
  std::uint32_t any = kNone;
  for (std::uint32_t i = 1; i < n; ++i) {
    const std::uint32_t cpu = (prev + i) % n;
    if (!allowed(task, cpu)) {
      continue;
    }
    any = any == kNone ? cpu : any;
    if (cpus_[cpu].llc != cpus_[prev].llc || !is_idle(cpu)) {
      continue;
    }
    if (core_nr_[cpus_[cpu].core] == 0) {
      return static_cast<std::int32_t>(cpu);
    }
    idle = idle == kNone ? cpu : idle;
  }
  if (idle != kNone) {
    return static_cast<std::int32_t>(idle);
  }
  return static_cast<std::int32_t>(allowed(task, prev) || any == kNone ? prev : any);
}

// Moves one queued task of at most `max_weight` that may run on `cpu`: detach_one_task().
bool Eevdf::pull_from(std::uint32_t from, std::uint32_t cpu, std::int64_t max_weight) {
  for (TaskState& each : tasks_) {
    const bool queued = each.task != nullptr && each.entity.on_rq && !each.entity.delayed &&
                        each.cpu == from && cpus_[from].running != each.task->index;
    if (queued && each.entity.weight <= max_weight && allowed(*each.task, cpu)) {
      detach_task(each);
      attach_task(each, cpu, false);
      return true;
    }
  }
  return false;
}

// Looks for the busiest CPU in the LLC, then in the node, then anywhere, and takes one task.
bool Eevdf::pull(std::uint32_t cpu, bool idle) {
  if (overloaded_ == 0) {
    return false;
  }
  const CpuState& here = cpus_[cpu];
  for (int level = 0; level < 3; ++level) {
    std::uint32_t busiest = kNone;
    std::int64_t most = 0;
    for (std::uint32_t other = 0; other < cpus_.size(); ++other) {
      const CpuState& each = cpus_[other];
      const bool in_domain =
          level == 2 || (level == 1 ? each.node == here.node : each.llc == here.llc);
      if (other == cpu || !in_domain || each.nr < 2) {
        continue;
      }
      if (const std::int64_t load = each.root.load(); load > most) {
        most = load;
        busiest = other;
      }
    }
    if (busiest == kNone) {
      continue;
    }
    // Half of the difference: what would make the two equal. An idle CPU takes anything.
    const std::int64_t imbalance = idle ? INT64_MAX : (most - here.root.load()) / 2;
    if (imbalance > 0 && pull_from(busiest, cpu, imbalance)) {
      return true;
    }
  }
  return false;
}

void Eevdf::balance_at_tick(std::uint32_t id) {
  CpuState& cpu = cpus_[id];
  const auto n = static_cast<std::uint32_t>(cpus_.size());
  // CPUs take turns rather than balance at the same tick.
  if ((++cpu.ticks + id) % (n * kBusyFactorTicks) == 0) {
    pull(id, false);
  }
  // nohz_balancer_kick(): idle CPUs get no ticks; one is woken to pull.
  if (cpu.nr > 1) {
    for (std::uint32_t i = 1; i < n; ++i) {
      const std::uint32_t other = (id + i) % n;
      if (is_idle(other) && kernel().cpu_is_idle(other)) {
        kernel().kick_cpu(other, kKickIdle);
        break;
      }
    }
  }
}

} // namespace schedrig::eevdf

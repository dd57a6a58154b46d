// SPDX-License-Identifier: MIT
// Load balancing of Eevdf: when a CPU goes idle (sched_balance_newidle()) and at ticks
// (sched_balance_rq(), kernel/sched/fair.c, Linux 6.18).
#include "plugins/schedulers/eevdf/policy.hpp"

namespace schedrig::eevdf {
namespace {

// A busy CPU balances every (CPUs of the domain) x busy_factor 16 milliseconds, an idle one at
// every tick (sd_init(), get_sd_balance_interval()). In ticks of 4 ms:
constexpr std::uint32_t kBusyFactorTicks = 16 / 4;
// sched_nr_migrate: so many tasks of a queue are looked at.
constexpr std::uint32_t kMaxLooked = 32;

} // namespace

// Moves one queued task of at most `max_weight` that may run on `cpu`: detach_one_task().
bool Eevdf::pull_from(std::uint32_t from, std::uint32_t cpu, std::int64_t max_weight) {
  std::uint32_t looked = 0;
  for (std::uint32_t id = cpus_[from].last; id != kNone && looked < kMaxLooked; ++looked) {
    TaskState& each = tasks_[id];
    if (cpus_[from].running != id && each.entity.weight <= max_weight &&
        may_run_on(*each.task, cpu)) {
      detach_task(each);
      attach_task(each, cpu, false);
      return true;
    }
    id = each.prev;
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
      if (each.nr < 2 || other == cpu) {
        continue;
      }
      if (level < 2 && (level == 1 ? each.node != here.node : each.llc != here.llc)) {
        continue;
      }
      if (const std::int64_t load = load_of(other); load > most) {
        most = load;
        busiest = other;
      }
    }
    if (busiest == kNone) {
      continue;
    }
    // Half of the difference: what would make the two equal. An idle CPU takes anything.
    const std::int64_t imbalance = idle ? INT64_MAX : (most - load_of(cpu)) / 2;
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
  if (cpu.nr < 2 || idle_ == 0) {
    return;
  }
  for (std::uint32_t i = 1; i < n; ++i) {
    const std::uint32_t other = (id + i) % n;
    if (is_idle(other) && kernel().cpu_is_idle(other)) {
      kernel().kick_cpu(other, kKickIdle);
      break;
    }
  }
}

} // namespace schedrig::eevdf

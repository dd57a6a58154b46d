// SPDX-License-Identifier: MIT
// Work types that change themselves again and again: children, nice level, policy, affinity.
#include <array>
#include <cerrno>

#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/clock.hpp"
#include "agent/work_types.hpp"

namespace schedrig::agent {
namespace {

constexpr std::uint32_t kNiceLevels = 40; // -20..19
constexpr std::array kPolicies = {SCHED_OTHER, SCHED_BATCH, SCHED_IDLE};
// Stream number of Prng.
constexpr std::uint64_t kCpusStream = 3;

// Pins this process to one random CPU of its cpuset. What the cpuset allows is what is left of all
// CPUs (Linux 6.18, kernel/sched/syscalls.c: __sched_setaffinity()).
void move_somewhere(Prng& random) noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    CPU_SET(cpu, &set);
  }
  if (::sched_setaffinity(0, sizeof set, &set) != 0 ||
      ::sched_getaffinity(0, sizeof set, &set) != 0) {
    give_up(errno);
  }
  auto nth = random.below(static_cast<std::uint64_t>(CPU_COUNT(&set)));
  int cpu = 0;
  while (CPU_ISSET(cpu, &set) == 0 || nth-- > 0) {
    ++cpu;
  }
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  // EINVAL: the cpuset has changed since; the next turn sees the new one.
  if (::sched_setaffinity(0, sizeof one, &one) != 0 && errno != EINVAL) {
    give_up(errno);
  }
}

} // namespace

// fork(2) fails when pids.max or the pids of the machine are reached: the worker tries again.
void fork_exit(const WorkerContext& context, Meter& meter) noexcept {
  Pace forking;
  while (running(context)) {
    meter.unit();
    const pid_t child = ::fork();
    if (child == 0) {
      context.slot->handoff_ns.store(monotonic_ns(), std::memory_order_release);
      ::_exit(0);
    }
    meter.step_done(forking);
    if (child < 0) {
      continue;
    }
    const std::int64_t wait_start = monotonic_ns();
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    note_wait(meter, wait_start, context.slot->handoff_ns.load(std::memory_order_acquire));
    meter.iteration();
  }
}

void nice_sweep(const WorkerContext& context, Meter& meter) noexcept {
  for (std::uint32_t turn = 0; running(context); ++turn) {
    if (::setpriority(PRIO_PROCESS, 0, static_cast<int>(turn % kNiceLevels) - 20) != 0) {
      give_up(errno);
    }
    work_units(context, meter, context.spec->burst_iterations);
    meter.iteration();
  }
}

void policy_churn(const WorkerContext& context, Meter& meter) noexcept {
  for (std::uint32_t turn = 0; running(context); ++turn) {
    const sched_param no_priority{};
    if (::sched_setscheduler(0, kPolicies[turn % kPolicies.size()], &no_priority) != 0) {
      give_up(errno);
    }
    work_units(context, meter, context.spec->burst_iterations);
    meter.iteration();
  }
}

void affinity_churn(const WorkerContext& context, Meter& meter) noexcept {
  Prng random(context.index, kCpusStream);
  while (running(context)) {
    work_units(context, meter, context.spec->burst_iterations);
    move_somewhere(random);
    meter.iteration();
  }
}

} // namespace schedrig::agent

// SPDX-License-Identifier: MIT
// Which code of the kernel writes to a word that the simulation keeps: who would have written it in
// Linux 6.18 (kernel/sched/core.c, kernel/time/tick-sched.c), and who has called that.
#include <array>
#include <cstddef>

#include "plugins/mock/kernel/guest_kernel.hpp"

namespace schedrig::mock {
namespace {

using layout::Function;

constexpr std::array kTicksOfJiffies = {Function::kUpdateJiffies, Function::kTimerInterrupt};
constexpr std::array kTick = {Function::kUpdateRqClock, Function::kSchedTick,
                              Function::kUpdateProcessTimes, Function::kTimerInterrupt};
constexpr std::array kAccount = {Function::kUpdateProcessTimes, Function::kTimerInterrupt};
constexpr std::array kSwitch = {Function::kInnerSchedule, Function::kSchedule};
constexpr std::array kComes = {Function::kActivateTask, Function::kTryToWakeUp};
constexpr std::array kGoes = {Function::kDeactivateTask, Function::kInnerSchedule,
                              Function::kSchedule};

std::span<const Function> writer_in_queue(std::uint64_t at, bool grows) {
  constexpr std::uint64_t kScxRunning =
      offsetof(guest::Rq, scx) + offsetof(guest::ScxRq, nr_running);
  const bool counts = at == offsetof(guest::Rq, nr_running) || at == kScxRunning ||
                      (at >= offsetof(guest::Rq, cfs) && at < offsetof(guest::Rq, rt));
  if (counts) {
    return grows ? std::span<const Function>(kComes) : std::span<const Function>(kGoes);
  }
  const std::uint64_t word = at / sizeof(std::uint64_t) * sizeof(std::uint64_t);
  const bool switches =
      word == offsetof(guest::Rq, nr_switches) || word == offsetof(guest::Rq, curr);
  return switches ? std::span<const Function>(kSwitch) : std::span<const Function>(kTick);
}

} // namespace

WriteSite GuestKernel::write_site(std::uint64_t physical, bool grows) const {
  const std::uint64_t in_image = physical - space_.image_physical(0);
  if (in_image / sizeof(std::uint64_t) == layout::kJiffies / sizeof(std::uint64_t)) {
    return {.cpu = 0, .functions = kTicksOfJiffies};
  }
  for (CpuId cpu = 0; cpu < cpus_.size(); ++cpu) {
    const std::uint64_t in_queue = physical - cpus_[cpu].queue.physical();
    if (in_queue < sizeof(guest::Rq)) {
      return {.cpu = cpu, .functions = writer_in_queue(in_queue, grows)};
    }
    if (physical - cpus_[cpu].times.physical() < sizeof(guest::KernelCpustat)) {
      return {.cpu = cpu, .functions = kAccount};
    }
  }
  return {.cpu = tasks_.cpu_at(physical), .functions = kSwitch};
}

} // namespace schedrig::mock

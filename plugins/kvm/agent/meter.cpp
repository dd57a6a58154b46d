// SPDX-License-Identifier: MIT
// Measuring a worker: units, gaps, CPUs, CPU time, run delay.
#include "agent/meter.hpp"

#include <algorithm>
#include <cstdlib>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "agent/clock.hpp"

namespace schedrig::agent {
namespace {

// Stream number of Prng: the agent's first.
constexpr std::uint64_t kWakeupStream = 1;

// Second field of /proc/self/schedstat (Documentation/scheduler/sched-stats.rst): time spent
// waiting on a runqueue, nanoseconds. 0 where the kernel lacks CONFIG_SCHED_INFO.
std::int64_t run_delay_ns() noexcept {
  const int fd = ::open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return 0;
  }
  char text[96];
  const ssize_t bytes = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  if (bytes <= 0) {
    return 0;
  }
  text[bytes] = '\0';
  char* second = nullptr;
  std::strtoll(text, &second, 10);
  return std::strtoll(second, nullptr, 10);
}

void spin_unit() noexcept {
  std::uint64_t value = 1;
  for (std::uint32_t step = 0; step < kSpinUnit; ++step) {
    value = value * 6364136223846793005U + 1442695040888963407U;
    asm volatile("" : "+r"(value)); // keeps every step, in order
  }
}

} // namespace

Meter::Meter(WorkerSlot& slot, std::uint32_t index) noexcept
    : slot_(slot), cpu_base_ns_(clock_ns(CLOCK_THREAD_CPUTIME_ID)),
      run_delay_base_ns_(run_delay_ns()), sample_(index, kWakeupStream) {}

void Meter::begin() noexcept {
  last_ns_ = slot_.started_ns;
  woken(slot_.started_ns);
}

void Meter::unit() noexcept {
  spin_unit();
  unit_done(unit_pace_);
}

void Meter::unit_done(Pace& pace) noexcept {
  ++slot_.work_units;
  step_done(pace);
}

void Meter::step_done(Pace& pace) noexcept {
  const std::int64_t now = monotonic_ns();
  const std::int64_t elapsed = now - last_ns_;
  pace.fastest_ns = std::min(pace.fastest_ns, elapsed);
  note_cpu();
  note_gap(last_ns_, elapsed - pace.fastest_ns);
  last_ns_ = now;
}

void Meter::waited_until(std::int64_t due_ns) noexcept {
  const std::int64_t now = monotonic_ns();
  note_cpu();
  note_gap(due_ns, now - due_ns);
  last_ns_ = now;
}

void Meter::woken(std::int64_t due_ns) noexcept {
  waited_until(due_ns);
  note_latency(std::max<std::int64_t>(last_ns_ - due_ns, 0));
}

// Algorithm R (Vitter 1985): every wake-up has the same chance to be in the sample.
void Meter::note_latency(std::int64_t latency_ns) noexcept {
  const std::uint64_t before = slot_.wakeups++;
  const std::uint64_t at =
      before < slot_.wake_latencies.size() ? before : sample_.below(slot_.wakeups);
  if (at < slot_.wake_latencies.size()) {
    slot_.wake_latencies[at] = latency_ns;
  }
}

void Meter::end() noexcept {
  slot_.ended_ns = monotonic_ns();
  slot_.cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_base_ns_;
  slot_.run_delay_ns = run_delay_ns() - run_delay_base_ns_;
  slot_.finished = 1;
}

void Meter::note_gap(std::int64_t start_ns, std::int64_t length_ns) noexcept {
  if (length_ns < kMinGapNs) {
    return;
  }
  const Gap gap{.start_ns = start_ns,
                .length_ns = length_ns,
                .cpu = static_cast<std::uint32_t>(std::max(cpu_, 0))};
  if (slot_.gap_count < slot_.gaps.size()) {
    slot_.gaps[slot_.gap_count++] = gap;
    return;
  }
  const auto shortest = std::ranges::min_element(slot_.gaps, {}, &Gap::length_ns);
  if (shortest->length_ns < length_ns) {
    *shortest = gap;
  }
}

void Meter::note_cpu() noexcept {
  const int cpu = ::sched_getcpu();
  if (cpu == cpu_ || cpu < 0) {
    return;
  }
  slot_.migrations += cpu_ < 0 ? 0 : 1;
  cpu_ = cpu;
  const auto index = static_cast<std::uint32_t>(cpu);
  if (index < kvm::kMaxReportedCpus) {
    slot_.cpus_used[index / 64] |= std::uint64_t{1} << (index % 64);
  }
}

} // namespace schedrig::agent

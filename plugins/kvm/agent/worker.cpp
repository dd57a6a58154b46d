// SPDX-License-Identifier: MIT
// The loops of the work types. Every loop looks at the gate once a unit.
#include "agent/worker.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include <sched.h>
#include <unistd.h>

#include "agent/clock.hpp"
#include "agent/futex.hpp"
#include "agent/meter.hpp"

namespace schedrig::agent {
namespace {

// Units between two reads of the thread's CPU clock, which is a system call: sixteen units are
// some 20 us, and the call stays below two percent of them.
constexpr std::uint32_t kUnitsPerCpuClockRead = 16;

volatile std::sig_atomic_t g_read_fd = -1;

// Closing the pipe in the handler leaves no moment in which the request can be missed: a read that
// has begun ends with EINTR, one that has not begun fails with EBADF.
void on_stop_signal(int /*signal*/) {
  const int saved = errno;
  if (g_read_fd >= 0) {
    ::close(g_read_fd);
    g_read_fd = -1;
  }
  errno = saved;
}

void listen_for_stop(int read_fd) noexcept {
  g_read_fd = read_fd;
  struct sigaction action{};
  action.sa_handler = on_stop_signal; // without SA_RESTART: read(2) must end
  ::sigaction(SIGUSR1, &action, nullptr);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool running(const WorkerContext& context) noexcept {
  return context.slot->gate.load(std::memory_order_acquire) == Gate::kRun;
}

void spin(const WorkerContext& context, Meter& meter) noexcept {
  while (running(context)) {
    meter.unit();
    meter.iteration();
  }
}

void yield(const WorkerContext& context, Meter& meter) noexcept {
  while (running(context)) {
    meter.unit();
    ::sched_yield();
    meter.iteration();
  }
}

// A burst is burst_ns of CPU time, so that contention makes it longer, not emptier.
void bursty(const WorkerContext& context, Meter& meter) noexcept {
  while (running(context)) {
    const std::int64_t burst_end = clock_ns(CLOCK_THREAD_CPUTIME_ID) + context.spec->burst_ns;
    std::uint32_t units = 0;
    do {
      meter.unit();
      ++units;
    } while (running(context) &&
             (units % kUnitsPerCpuClockRead != 0 || clock_ns(CLOCK_THREAD_CPUTIME_ID) < burst_end));
    const std::int64_t due = monotonic_ns() + context.spec->sleep_ns;
    while (running(context) && monotonic_ns() < due) {
      wait_while(context.slot->gate, Gate::kRun, due);
    }
    if (running(context)) {
      meter.waited_until(due);
      meter.iteration();
    }
  }
}

// burst_iterations units, a byte to the partner, its byte back.
void pipe_io(const WorkerContext& context, Meter& meter) noexcept {
  char byte = 0;
  while (running(context)) {
    for (std::uint32_t i = 0; i < context.spec->burst_iterations && running(context); ++i) {
      meter.unit();
    }
    const std::int64_t wait_start = monotonic_ns();
    context.slot->handoff_ns.store(wait_start, std::memory_order_release);
    const bool wrote = ::write(context.write_fd, &byte, 1) == 1;
    const ssize_t got = wrote ? ::read(context.read_fd, &byte, 1) : 0;
    if (got == 1) {
      const std::int64_t handed = context.partner->handoff_ns.load(std::memory_order_acquire);
      meter.waited_until(std::max(wait_start, handed));
      meter.iteration();
    } else {
      // Stopped, or the partner is gone: then there is no work left, only the stop to wait for.
      while (running(context)) {
        wait_while(context.slot->gate, Gate::kRun);
      }
    }
  }
}

using Loop = void (*)(const WorkerContext&, Meter&) noexcept;

Loop loop_of(WorkType type) noexcept {
  switch (type) {
  case WorkType::kSpin:
    return spin;
  case WorkType::kYield:
    return yield;
  case WorkType::kBursty:
    return bursty;
  case WorkType::kPipeIo:
    return pipe_io;
  default:
    return nullptr;
  }
}

} // namespace

bool is_implemented(WorkType type) noexcept {
  return loop_of(type) != nullptr;
}

void run_worker(const WorkerContext& context) noexcept {
  listen_for_stop(context.read_fd);
  Meter meter(*context.slot);
  while (context.slot->gate.load(std::memory_order_acquire) == Gate::kWait) {
    wait_while(context.slot->gate, Gate::kWait);
  }
  // Stopped without having been started: everything stays zero.
  if (context.slot->started_ns == 0) {
    context.slot->finished = 1;
    ::_exit(0);
  }
  meter.begin();
  loop_of(context.spec->type)(context, meter);
  meter.end();
  ::_exit(0);
}

} // namespace schedrig::agent

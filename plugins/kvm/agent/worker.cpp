// SPDX-License-Identifier: MIT
// The life of a worker, and which loop is whose.
#include "agent/worker.hpp"

#include <array>
#include <cerrno>
#include <csignal>

#include <sys/prctl.h>
#include <unistd.h>

#include "agent/futex.hpp"
#include "agent/meter.hpp"
#include "agent/work_types.hpp"

namespace schedrig::agent {
namespace {

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

using Loop = void (*)(const WorkerContext&, Meter&) noexcept;

struct TypeLoop {
  WorkType type;
  Loop loop;
};
constexpr std::array<TypeLoop, kWorkTypeCount> kLoops = {{
    {WorkType::kSpin, spin},
    {WorkType::kYield, yield},
    {WorkType::kMixed, mixed},
    {WorkType::kIoSync, io_sync},
    {WorkType::kBursty, bursty},
    {WorkType::kPipeIo, pipe_io},
    {WorkType::kFutexPingPong, futex_ping_pong},
    {WorkType::kFutexFanOut, futex_fan_out},
    {WorkType::kCachePressure, cache_pressure},
    {WorkType::kCacheYield, cache_yield},
    {WorkType::kCachePipe, cache_pipe},
    {WorkType::kFanOutCompute, fan_out_compute},
    {WorkType::kSequence, sequence},
    {WorkType::kForkExit, fork_exit},
    {WorkType::kNiceSweep, nice_sweep},
    {WorkType::kAffinityChurn, affinity_churn},
    {WorkType::kPolicyChurn, policy_churn},
    {WorkType::kPageFaultChurn, page_fault_churn},
    {WorkType::kMutexContention, mutex_contention},
    {WorkType::kIdleChurn, bursty},
}};

constexpr bool in_enum_order() {
  for (std::size_t i = 0; i < kLoops.size(); ++i) {
    if (static_cast<std::size_t>(kLoops[i].type) != i) {
      return false;
    }
  }
  return true;
}
static_assert(in_enum_order());

} // namespace

bool waits_for_words(WorkType type) noexcept {
  return type == WorkType::kFutexPingPong || type == WorkType::kFutexFanOut ||
         type == WorkType::kFanOutCompute || type == WorkType::kMutexContention ||
         type == WorkType::kSequence;
}

void run_worker(const WorkerContext& context) noexcept {
  listen_for_stop(context.read_fd);
  if (context.spec->precise_timing != 0) {
    ::prctl(PR_SET_TIMERSLACK, 1); // ns; 0 would be the default again (prctl(2))
  }
  Meter meter(*context.slot, context.index);
  while (context.slot->gate.load(std::memory_order_acquire) == Gate::kWait) {
    wait_while(context.slot->gate, Gate::kWait);
  }
  // Stopped without having been started: everything stays zero.
  if (context.slot->started_ns == 0) {
    context.slot->finished = 1;
    ::_exit(0);
  }
  meter.begin();
  kLoops[static_cast<std::size_t>(context.spec->type)].loop(context, meter);
  meter.end();
  ::_exit(0);
}

} // namespace schedrig::agent

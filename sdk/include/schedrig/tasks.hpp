// SPDX-License-Identifier: MIT
// The tasks facet: groups of workers in the machine. Placement is not its business: the host
// writes cgroup.procs through the files facet between spawn and start.
//
// Life of a group: spawn (forked, has a pid, waits) -> start (works) -> stop (told to end, waited
// for, reported, reaped). Times are of the machine's clock.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <schedrig/status.hpp>
#include <schedrig/work.hpp>

namespace schedrig {

inline constexpr std::uint32_t kMaxWorkersPerGroup = 4096;
// Longest gaps that a worker remembers. More than one, so that time for which a scenario froze
// the worker itself can be told from time for which the scheduler left it waiting.
inline constexpr std::uint32_t kGapsPerWorker = 8;
// Wake-up latencies that a worker keeps: a uniform sample of all it had. 1,024 of them place the
// 99th percentile within a third of a percentile; a group of 4,096 workers keeps 32 MiB.
inline constexpr std::uint32_t kWakeLatenciesPerWorker = 1024;

// A stretch in which a started worker was runnable or frozen but made no progress, between two
// units of work. Sleeps that are part of the work type are not gaps.
struct Gap {
  std::int64_t start_ns = 0;
  std::int64_t length_ns = 0;
  std::uint32_t cpu = 0; // where it resumed
  std::uint32_t reserved = 0;
};

struct WorkerReport {
  std::uint32_t size = sizeof(WorkerReport);
  std::uint32_t worker = 0; // index within its group
  std::int32_t pid = 0;
  std::uint32_t completed = 0;  // 1: ended by itself after the stop request; 0: had to be killed
  std::int32_t wait_status = 0; // as of waitpid(2)
  std::uint32_t reserved = 0;
  std::uint64_t work_units = 0;
  std::uint64_t iterations = 0; // of the work type's own cycle: bursts, exchanges, yields
  std::uint64_t migrations = 0;
  std::int64_t cpu_ns = 0;       // on a CPU
  std::int64_t wall_ns = 0;      // from start to its end
  std::int64_t run_delay_ns = 0; // runnable and waiting (/proc/PID/schedstat, second field)
  std::span<const std::uint32_t> cpus_used; // ascending
  std::span<const Gap> gaps;                // longest first, at most kGapsPerWorker
  // From a wake-up to the first instruction after it, in nanoseconds, in no order.
  std::span<const std::int64_t> wake_latencies_ns; // at most kWakeLatenciesPerWorker
  std::uint64_t wakeups = 0;                       // how many the sample was drawn from
};

class PidSink {
 public:
  virtual void on_pid(std::uint32_t worker, std::int32_t pid) noexcept = 0;

 protected:
  ~PidSink() = default;
};

class WorkerReportSink {
 public:
  virtual void on_report(const WorkerReport& report) noexcept = 0;

 protected:
  ~WorkerReportSink() = default;
};

class TasksFacet {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.tasks/1";

  // [host-thread] Forks spec.workers workers in the spawner's own cgroup; each waits before its
  // first unit of work. All or none: on error nothing is left.
  virtual Status spawn(const WorkSpec& spec, std::uint32_t* group, PidSink& pids) noexcept = 0;

  // [host-thread] Lets a spawned group work. Once.
  virtual Status start(std::uint32_t group) noexcept = 0;

  // [host-thread] Asks every worker to end, waits up to grace_ns, kills what is left, reaps,
  // reports each worker in order, forgets the group. A group that was never started reports zero
  // work. Frozen workers do not hear the request: thaw them first.
  virtual Status stop(std::uint32_t group, std::int64_t grace_ns,
                      WorkerReportSink& sink) noexcept = 0;

 protected:
  ~TasksFacet() = default;
};

} // namespace schedrig

// SPDX-License-Identifier: MIT
// Diagnosis: why a scheduler died or a worker stood still, whose doing it was, and what shows that.
// Pure data; owned values; thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace schedrig::triage {

enum class Blame : std::uint32_t { kScheduler = 0, kKernel, kWorkload, kHost, kInconclusive };

// What happened, in the order of diagnosis.cpp's table.
enum class Kind : std::uint32_t {
  kLostTask = 0,   // runnable, and on no queue
  kMissedKick,     // queued for a CPU that idles
  kUndispatched,   // on a queue that nobody takes from, though a CPU idles
  kStarved,        // behind others of its class, on every CPU that it may use
  kVtimeSkew,      // behind others of its queue, by a virtual time far ahead of theirs
  kRtHog,          // a real-time task keeps its CPU
  kDlHog,          // a deadline task does
  kHigherClass,    // another class above its own does
  kStall,          // waits too long, and why is not to be seen
  kBadDsq,         // inserted into a queue that does not exist
  kBadCpu,         // a CPU that does not exist
  kCpuNotAllowed,  // a CPU that the task may not use
  kInsertedTwice,  // into two queues
  kBrokenRule,     // another rule of sched_ext
  kCallbackThrew,  // an exception left a callback (simulated machines)
  kSlowCallback,   // the CPU was in the scheduler for so long that the kernel complained
  kSchedulerError, // it reported an error itself
  kSelfExit,       // it ended by itself
  kLoaderGone,     // its process ended
  kDisabled,       // by the kernel or a person
  kAttachError,    // it never ran
  kWorkerKilled,   // a worker did not live to its end
  kStuckWorker,    // a worker stood still, and it is not known why
  kKernelBug,      // the kernel complained first
  kLateVcpu,       // a CPU of the machine had no host CPU
  kOversubscribed, // fewer host CPUs than the machine has
};

struct Diagnosis {
  Kind kind = Kind::kStall;
  Blame blame = Blame::kInconclusive;
  std::string culprit = {};               // who or what: "spin[10]", "CPU 3"; empty: nobody by name
  std::string summary = {};               // one line, the cause
  std::vector<std::string> evidence = {}; // lines, the strongest first
};

[[nodiscard]] std::string_view to_string(Kind kind) noexcept;   // "lost_task"
[[nodiscard]] std::string_view to_string(Blame blame) noexcept; // "scheduler"

} // namespace schedrig::triage

// SPDX-License-Identifier: MIT
// Evidence: what is known of the moment at which something went wrong. Pure data, from whatever
// source there is (a snapshot, the kernel's dump, the report); what is not known is left empty.
// Owned values; thread: any. Times are nanoseconds of the machine's clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace schedrig::triage {

// A dispatch queue that a task is on.
struct Queue {
  std::uint64_t id = 0;                        // as sched_ext numbers them
  std::optional<std::uint32_t> local_cpu = {}; // whose local queue it is
  bool by_vtime = false;                       // in an order by vtime
  bool global = false;
};

struct TaskScene {
  std::int32_t pid = 0;
  std::string comm = {};
  std::string sched_class = {}; // "ext", "fair", "rt", "dl", "stop", "idle"; empty: unknown
  bool running = false;         // else it waits for a CPU
  std::int64_t waiting_ns = 0;  // for a CPU
  std::uint32_t cpu = 0;        // where it runs or ran last
  std::vector<std::uint32_t> allowed = {}; // CPUs; empty: unknown
  std::optional<Queue> queue = {};         // none: on no queue
  std::optional<std::uint64_t> vtime = {};
};

struct CpuScene {
  std::uint32_t cpu = 0;
  std::int32_t pid = 0; // that runs there; 0: it idles
  std::string comm = {};
  std::string sched_class = {}; // of that task
  double stolen_share = 0;      // of its time so far, that the host gave to others: 0 to 1
};

// All CPUs, and the tasks that run or wait, at one moment.
struct Scene {
  std::string source = {}; // "the kernel's dump", "snapshot NAME"
  std::int64_t at_ns = 0;
  std::int32_t suspect = 0; // pid of the task that it was looked at for; 0: for none
  std::vector<CpuScene> cpus = {};
  std::vector<TaskScene> tasks = {};
};

// A scheduler's end.
struct ExitFacts {
  std::string scheduler = {};
  std::int64_t kind = 0; // enum scx_exit_kind
  std::string message = {};
  std::string log = {}; // lines that it printed
  std::int32_t pid = 0; // of the task that it is about; 0: about none
  std::string task = {};
  std::int64_t at_ns = 0;
  std::int64_t runnable_since_ns = -1;
};

struct ComplaintFacts {
  std::int64_t at_ns = 0;
  std::string text = {}; // "WARN: kernel/sched/core.c:1234 ..."
  bool defect =
      false; // of the kernel; else it may be what a stall looks like: a lockup, an RCU stall
};

struct WorkerFacts {
  std::string name = {}; // as checks describe it
  std::int32_t pid = 0;
  std::int64_t stood_still_ns = 0;
  std::int64_t since_ns = 0;
  bool killed = false;    // by a signal, before its end
  std::string ended = {}; // how, in words
};

struct Evidence {
  std::string scheduler = {}; // that was attached, or was to be; empty: the kernel's own
  std::optional<ExitFacts> exit = {};
  std::string attach_error = {}; // empty: it was attached
  bool attach_timed_out = false;
  std::optional<WorkerFacts> worker = {}; // that stood still or died
  std::optional<Scene> scene = {};
  std::vector<ComplaintFacts> complaints = {}; // in the order of coming
  std::string late_vcpu = {}; // how a CPU did not stand still when asked; empty: all did
  std::uint32_t vcpus = 0;
  std::uint32_t host_cpus = 0; // that these vCPUs may use; 0: unknown, or simulated
};

} // namespace schedrig::triage

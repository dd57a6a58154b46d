// SPDX-License-Identifier: MIT
// RunReport: everything a run produced, as data. Written by the engine, read by host/report.
// Owned values; thread: any. Times are nanoseconds of the machine's clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <schedrig/kernel_targets.hpp>
#include <schedrig/ops.hpp>
#include <schedrig/result.hpp>
#include <schedrig/tasks.hpp>

#include "host/engine/kernel_log.hpp"
#include "host/engine/monitor_record.hpp"
#include "host/json/value.hpp"
#include "host/triage/diagnosis.hpp"
#include "host/triage/evidence.hpp"

namespace schedrig::engine {

// In order of precedence, strongest last: a run is as bad as its worst part.
enum class Verdict : std::uint32_t { kSkip = 0, kPass, kInconclusive, kFail, kError };

enum class OpStatus : std::uint32_t { kOk = 0, kFailed, kNotRun };

struct OpRecord {
  std::string kind;
  std::uint32_t index = 0;     // position in its step or backdrop, from 1
  std::uint32_t iteration = 0; // of a looping step, from 0
  OpStatus status = OpStatus::kOk;
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  std::optional<Error> error;
  bool inconclusive = false; // the error is the rig's own: it says nothing about who is tested
  SourcePos pos;
  std::uint32_t window = 0; // the freeze window that it was tried in; 0: none
};

struct StepRecord {
  std::string name;
  Verdict verdict = Verdict::kPass;
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  std::vector<OpRecord> ops;
  std::optional<Error> error; // of setup, hold or teardown
};

struct CgroupProcs {
  std::string tag;
  std::string cgroup;
  std::vector<std::int32_t> pids;
};

// One read of kernel memory.
struct KernelReadRecord {
  std::string tag;
  std::string target; // as messages name it
  std::int64_t at_ns = 0;
  std::uint32_t window = 0; // the freeze window that it was done in; 0: hot
  KernelValue value;        // never OrU32Value
};

// A time for which the machine stood still so that cold ops could work on its memory.
struct FreezeWindowRecord {
  std::uint32_t id = 0;       // order in the run, from 1
  std::string step;           // whose ops; "backdrop"
  std::uint32_t ops = 0;      // tried in it
  std::int64_t at_ns = 0;     // the machine's clock, which stood still with it
  std::int64_t frozen_ns = 0; // how long, by the host's clock; a simulated machine's own cost
};

struct WatchCaptureRecord {
  std::uint64_t hit = 0; // which of the watch's, from 1
  std::int64_t at_ns = 0;
  std::uint32_t vcpu = 0;
  std::uint64_t pc = 0;             // behind the instruction that wrote
  std::string symbol;               // of pc; empty: not in the kernel's image
  std::uint64_t value = 0;          // behind the write
  std::vector<std::string> callers; // addresses of the image's code on the stack, nearest first
};

struct WatchRecord {
  std::string target; // "symbol jiffies_64"
  std::string step;   // whose op; "backdrop"
  bool of_backdrop = false;
  std::uint32_t slot = 0;
  std::uint64_t address = 0; // linear
  std::uint32_t bytes = 0;
  bool armed = false;
  std::uint64_t hits = 0;
  std::uint64_t matches = 0; // hits that the condition holds for
  std::vector<WatchCaptureRecord> captures;
};

// A picture of the kernel, taken in a freeze window.
struct SnapshotRecord {
  std::string name;    // as asked for; "NAME.2" where a name comes again
  std::string trigger; // "op", "interval", "request", "scheduler exit"
  std::string file;    // where its document went; empty: nowhere
  std::int64_t at_ns = 0;
  std::uint32_t window = 0; // the freeze window that it was read in
  json::Value document;
};

// One interval of the machine's clock.
struct Interval {
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
};

// Wake-up latencies of one worker; of a sample where there were more than a worker keeps.
struct WakeLatency {
  std::uint64_t count = 0; // wake-ups, sampled or not
  std::int64_t p50_ns = 0;
  std::int64_t p99_ns = 0;
  std::int64_t max_ns = 0;
};

// One worker's life, as it reported it, with what the engine knows about its cgroup.
struct WorkerRecord {
  std::string cgroup;      // empty: the runner's
  std::string step;        // that spawned it; "backdrop"
  std::uint32_t group = 0; // order of spawning, from 0
  std::uint32_t worker = 0;
  std::int32_t pid = 0;
  WorkType type = WorkType::kSpin;
  std::int32_t nice = 0; // as the scenario asked
  bool started = false;
  bool completed = false;
  std::int32_t wait_status = 0;
  std::uint64_t work_units = 0;
  std::uint64_t iterations = 0;
  std::uint64_t migrations = 0;
  std::int64_t start_ns = 0; // clock when it was started
  std::int64_t cpu_ns = 0;
  std::int64_t wall_ns = 0;
  std::int64_t run_delay_ns = 0;
  std::vector<std::uint32_t> cpus_used;
  // Of a worker that had no cpuset at first: those used since it had one.
  std::optional<std::vector<std::uint32_t>> cpus_since_limited;
  std::vector<Gap> gaps;
  std::optional<WakeLatency> wake_latency; // none: it was never woken, or nobody measured
  // CPUs that its cgroup's cpuset ever allowed while it lived; empty: no cpuset of the scenario's.
  std::vector<std::uint32_t> cpus_permitted;
  std::vector<Interval> frozen; // for which the scenario froze its cgroup
};

// Of programs in the machine, to the host.
struct GuestRequestCounts {
  std::uint64_t answered = 0;
  std::uint64_t refused = 0;
};

// Of the submission ring, if the machine had one (schedrig/ring_consumer.hpp counts).
struct RingRecord {
  std::uint64_t doorbells = 0;
  std::uint64_t submitted = 0; // entries that were carried out or refused
  std::uint64_t completed = 0; // completions that were posted
  std::uint64_t failed = 0;    // of the entries
  std::uint64_t canceled = 0;  // of the failed, behind a barrier that failed
  std::uint64_t stalls = 0;    // times that no room was left for a completion
  std::uint32_t largest_batch = 0;
  std::uint32_t uncollected = 0; // completions that no program took
  std::string fault;             // why the ring is dead; empty: it is not
};

// A scheduling command of the scenario's or of a program in the machine.
struct SchedCommandRecord {
  std::string command; // "block"
  std::uint32_t vcpu = 0;
  bool by_program = false;
  std::int64_t at_ns = 0;
  std::int64_t result = 0;               // -errno of one that was refused
  std::optional<std::int64_t> waited_ns; // of one that waited, until it returned
};

// A scheduling command, or a watchdog, has stopped the machine.
struct ShutdownRecord {
  std::uint8_t code = 0; // schedrig/sched_op.hpp: ShutdownReason, or any other
  std::int64_t at_ns = 0;
};

struct CheckRecord {
  std::string name;
  Verdict verdict = Verdict::kPass;
  std::string observed = {};
  std::string limit = {};
};

struct Metric {
  std::string name;
  double value = 0;
};

// What ended a payload.
enum class PayloadEnd : std::uint32_t {
  kItself = 0,
  kKillOp,      // kill_payload
  kWaitTimeout, // the timeout of a wait_payload
  kCgroupEnd,   // stop_cgroup or remove_cgroup
  kScopeEnd,    // the end of its step, or of the run for the backdrop's
  kMachineLost, // unknown: the machine no longer answered
};

// One execution of a payload, from its start to its end.
struct PayloadRecord {
  std::string name;
  std::string cgroup; // empty: the runner's
  std::string step;   // that started it; "backdrop"
  std::string binary;
  std::vector<std::string> args;
  std::uint32_t number = 0; // order of starting in the run
  std::int32_t pid = 0;
  std::int32_t wait_status = 0; // as of waitpid(2)
  PayloadEnd end = PayloadEnd::kItself;
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  std::int64_t cpu_ns = 0;
  bool gate = false; // its checks count for the run's verdict
  std::vector<Metric> metrics;
  std::string metrics_problem; // why metrics may be missing; empty: its output was read whole
  std::vector<CheckRecord> checks;
  std::string stdout_tail;
  std::string stderr_tail;
  bool stdout_truncated = false; // by the backend: more was written than metrics were read from
  bool stderr_truncated = false;
};

enum class SchedulerEventKind : std::uint32_t { kAttach = 0, kDetach, kExit };

// A scheduler came or went. What only an exit has is empty for the others.
struct SchedulerEvent {
  SchedulerEventKind kind = SchedulerEventKind::kExit;
  std::string scheduler;
  std::int64_t at_ns = 0;
  std::int64_t took_ns = 0; // attach, detach: how long the machine needed
  // Attach of a restart or replacement: for how long none was attached, from the request to detach
  // the one before to this attach (no shorter than it really was).
  std::optional<std::int64_t> gap_ns;

  std::int64_t exit_kind = 0; // enum scx_exit_kind
  std::int64_t exit_code = 0;
  std::string reason;
  std::string message;
  std::string help;
  std::int32_t pid = 0; // of the task that the exit is about
  std::string task;     // its name
  std::int64_t runnable_since_ns = -1;
  std::string log;            // last lines of the scheduler's own
  std::string dump;           // scheduling state at the exit
  std::string text;           // one line, as the backend put it
  bool expected = false;      // as expect_exit says
  bool restarted = false;     // on_exit = "restart" and the exit asked for it
  std::string snapshot;       // of an error: the one that was taken at once, by its name
  std::string snapshot_error; // or why none was; both empty: nobody could take one, or no error
  std::string snapshot_by;    // "watch": at the write by which it died; "report": when it was told
  std::string no_watch;       // why not by the watch; empty: by it, or there is no snapshot
};

// How a run ended, apart from its verdict.
enum class RunEnd : std::uint32_t {
  kComplete = 0,   // every step had its turn, or a step failed and the rest was left out
  kRefused,        // the scenario cannot run on this backend; nothing was started
  kInfrastructure, // no machine: it did not boot, or died without a scenario's doing
  kDeadline,
  kInterrupted,
};

// How the run's machine came to be up.
enum class MachineStart : std::uint32_t {
  kCold = 0, // it booted
  kFork,     // from a template
  kReset,    // the machine of an earlier run, taken back to its template
};

struct RunReport {
  Verdict verdict = Verdict::kPass;
  RunEnd end = RunEnd::kComplete;
  // What decided the verdict, when it is not pass: an op's, a step's, a check's or the machine's.
  std::optional<Error> cause;
  std::string name;
  std::string config; // path of the scenario
  std::string backend;
  std::string scheduler;
  std::uint64_t seed = 1;
  std::string topology;                                     // "1n2l4c2t", as in the scenario
  std::optional<MachineStart> start;                        // none: no machine was made
  std::vector<std::pair<std::string, std::string>> machine; // facts, in the backend's order
  StepRecord backdrop;
  std::vector<StepRecord> steps;
  std::vector<CgroupProcs> cgroup_procs;
  std::vector<KernelReadRecord> kernel_reads; // in the order of reading
  std::vector<FreezeWindowRecord> freeze_windows;
  std::vector<WatchRecord> watches;      // in the order of arming
  std::vector<SnapshotRecord> snapshots; // in the order of taking
  std::vector<WorkerRecord> workers;
  std::vector<PayloadRecord> payloads; // in the order of their ends
  std::vector<SchedulerEvent> scheduler_events;
  GuestRequestCounts guest_requests;
  std::optional<RingRecord> ring;                 // none: the machine had no ring
  std::vector<SchedCommandRecord> sched_commands; // the first thousand
  std::optional<ShutdownRecord> shutdown;         // none: no command has shut it down
  std::vector<KernelComplaint> kernel_log;
  std::vector<CheckRecord> checks;
  std::optional<MonitorRecord> monitor;    // none: nobody asked for one
  std::vector<CheckRecord> monitor_checks; // of its samples; among `checks` once the run is judged
  std::optional<Error> attach_error;       // of the last scheduler that could not be attached
  std::string late_vcpu; // how a CPU did not stand still at a scheduler's exit; empty: all did
  // What the machine looked like when something went wrong, in the order of looking.
  std::vector<triage::Scene> scenes;
  // Why the run failed, as far as that can be told; none: it did not, or nothing points anywhere.
  std::optional<triage::Diagnosis> failure;
  std::uint32_t next_group = 0;   // number of worker groups spawned so far
  std::uint32_t next_payload = 0; // number of payloads started so far
};

// docs/reference/exit-codes.md.
[[nodiscard]] int exit_code(const RunReport& report) noexcept;

// "pass", "fail", ... as in the JSON document.
[[nodiscard]] std::string_view to_string(Verdict verdict) noexcept;
[[nodiscard]] std::string_view to_string(MachineStart start) noexcept; // "cold", "fork", "reset"

} // namespace schedrig::engine

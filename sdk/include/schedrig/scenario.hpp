// SPDX-License-Identifier: MIT
// A scenario as data: what a config file says once it is decoded, with defaults filled in.
// Owned values; thread: any. Times: nanoseconds; sizes: bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <schedrig/memory_regions.hpp>
#include <schedrig/ops.hpp>
#include <schedrig/params.hpp>
#include <schedrig/topology.hpp>

namespace schedrig {

// An owned ParamValue, not yet checked against a plugin's ParamSpecs. Duration and size arrive as
// kString when only the plugin knows what they are; the host converts them when it has the specs.
struct ConfigParam {
  ParamType type = ParamType::kInteger;
  std::string key;
  std::int64_t integer = 0;
  double real = 0;
  std::string text;
  SourcePos pos;     // of the value
  SourcePos key_pos; // of its key; of the value itself in a list
};
using ConfigParams = std::vector<ConfigParam>;

enum class Expectation : std::uint32_t { kPass = 0, kFail, kSchedulerExit };

// Which exit of the scheduler a scenario asks for; what is not given fits every exit.
struct ExpectedExit {
  std::optional<std::int64_t> kind; // enum scx_exit_kind: scheduler_exit.hpp
  std::string message;              // part of the exit's message
};

// What to do when a scheduler's exit asks for a restart (kExitCodeRestart).
enum class OnExit : std::uint32_t { kFail = 0, kRestart };

struct RunConfig {
  std::string name;             // default: the file's name without its ending
  std::string backend = "mock"; // the one that runs anywhere
  SourcePos backend_pos;
  std::string scheduler = "eevdf"; // the kernel's own
  SourcePos scheduler_pos;
  ConfigParams scheduler_params;
  std::int64_t duration_ns = 10'000'000'000;  // long enough for scheduling to average out
  std::int64_t deadline_ns = 130'000'000'000; // duration, boot and room; as the decoder's default
  std::uint64_t seed = 1;
  Expectation expect = Expectation::kPass;
  ExpectedExit expect_exit; // with Expectation::kSchedulerExit
  OnExit on_exit = OnExit::kFail;
};

// A part of a machine's memory, from where the one before it ends.
struct MemoryRegionConfig {
  std::string name;
  std::uint64_t bytes = 0;
  MemoryCache cache = MemoryCache::kCoherent;
  bool required = false;
  SourcePos pos;
};

struct MachineConfig {
  Topology topology = Topology::uniform(1, 1, 2, 1);
  std::uint64_t memory_bytes = 512ULL << 20U; // what a distribution kernel boots in with room
  std::vector<MemoryRegionConfig> regions;    // none, or all of the memory
  std::string kernel;                         // version prefix or path; empty: newest fitting
  std::string cmdline;
  // Different booted machines that runs start from, by seed; 0: each boots. None: one where a boot
  // takes time.
  std::optional<std::uint32_t> templates;
  std::optional<std::uint64_t> template_cache_bytes; // none: as much as the host gives them
  SourcePos pos;
};

// A [[scheduler]]: a plugin with parameters of its own, under a name that ops use.
struct SchedulerConfig {
  std::string name;
  std::string plugin; // name or path
  ConfigParams params;
  SourcePos pos;
};

struct BackendConfig {
  std::string name;
  ConfigParams params;
  SourcePos pos;
};

// A [[workload]]: another tool's description of tasks. Loading a config turns each of its tasks
// into a spawn at the end of the backdrop.
struct Workload {
  std::string import;                // path, relative to the file that names it
  std::optional<std::string> cgroup; // none: where the runner's own workers are
  SourcePos pos;
  SourcePos import_pos;
};

// A fraction of the run's duration, a time, or a loop over the step's ops.
struct HoldFraction {
  double fraction = 0; // (0, 1]
};
struct HoldFixed {
  std::int64_t duration_ns = 0;
};
struct HoldLoop {
  std::int64_t every_ns = 0;
  std::variant<HoldFraction, HoldFixed> during = HoldFraction{1.0};
};
// Until a value of the kernel's memory fits, or for the step to fail after timeout_ns.
struct HoldUntil {
  KernelTarget target;
  KernelWidth width;
  Comparison comparison;
  std::int64_t timeout_ns = 0;
};
using Hold = std::variant<HoldFixed, HoldFraction, HoldLoop, HoldUntil>;

struct Step {
  std::string name; // default: "step N", from 1
  std::vector<Op> ops;
  std::vector<CgroupDef> setup; // made after the ops
  Hold hold;
  SourcePos pos;
};

struct Backdrop {
  std::vector<CgroupDef> cgroups; // made first
  std::vector<Op> ops;
};

// What is observed at intervals for the whole run.
struct ObserveConfig {
  std::optional<std::uint32_t> snapshots; // that many, evenly over the run's duration
  std::optional<std::int64_t> monitor_ns; // from one look at the run queues to the next
  SourcePos pos;
};

// Opt-in checks; not_stuck, isolation and kernel_log are on by default.
struct ChecksConfig {
  SourcePos pos;
  bool not_stuck = true;
  bool isolation = true;
  bool kernel_log = true; // the kernel complained about nothing on its console
  std::optional<std::int64_t> max_gap_ns;
  std::optional<double> max_spread_pct;
  std::optional<std::int64_t> max_p99_wake_latency_ns;
  std::optional<double> min_iteration_rate;
  std::optional<double> max_migration_ratio;
  std::optional<std::int64_t> work_conservation_ns;
  // Of what the monitor samples ([observe] monitor); each must hold for sustained_samples in a row.
  std::optional<double> max_imbalance_ratio;
  std::optional<std::uint32_t> max_dsq_depth;
  std::optional<double> max_fallback_rate;  // of SCX_EV_SELECT_CPU_FALLBACK in a second
  std::optional<double> max_keep_last_rate; // of SCX_EV_DISPATCH_KEEP_LAST in a second
  bool stuck_clock = false;                 // the clock of a busy run queue stands still
  bool lost_task = true;                    // judged wherever there is a monitor
  std::uint32_t sustained_samples = 5;      // half a second at 100 ms: longer than a burst
  std::vector<ValueCheck> values;
};

// How metrics are read from a payload's stdout; `exit_code`, `wall_ns` and `cpu_ns` come with each.
enum class PayloadOutput : std::uint32_t {
  kExitCode = 0, // not at all
  kJson,         // one JSON document; its numbers, "a.b[0].c"
  kLines,        // "name = number" or "name: number" on a line
};

// What a metric must be. equals, or minimum and maximum or one of them, or that it exists.
struct PayloadCheck {
  std::string metric;
  std::optional<double> equals;
  std::optional<double> minimum;
  std::optional<double> maximum;
  bool exists = false;
  SourcePos pos;
};

struct PayloadDef {
  std::string name;
  std::string binary; // path on the host, or a name that the backend looks up
  std::vector<std::string> default_args;
  std::vector<std::string> files; // paths on the host that it needs in the machine
  PayloadOutput output = PayloadOutput::kExitCode;
  bool gate = false; // its failed checks fail the run; by default they are only recorded
  std::vector<PayloadCheck> checks;
  SourcePos pos;
};

enum class ReportFormat : std::uint32_t { kJson = 0, kEvents, kKtap, kJunit };

// [report]: files that each run writes.
struct ReportConfig {
  std::string dir = "."; // made if missing; from the working directory, as paths of options
  std::vector<ReportFormat> formats; // each once; empty: none
};

struct Scenario {
  std::vector<std::string> files; // index 0: the file that was named
  RunConfig run;
  MachineConfig machine;
  std::vector<std::string> plugin_path;
  std::vector<BackendConfig> backends;
  std::vector<PayloadDef> payloads;
  std::vector<SchedulerConfig> schedulers;
  std::vector<Workload> workloads;
  ObserveConfig observe;
  Backdrop backdrop;
  std::vector<Step> steps;
  ChecksConfig checks;
  ReportConfig report;
};

} // namespace schedrig

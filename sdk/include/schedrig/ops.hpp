// SPDX-License-Identifier: MIT
// The operation set as data: one struct an op, all of them in OpBody. Names and meanings are those
// of docs/reference/ops.md; the C++ name is the config's name in CamelCase.
//
// An op decoded here is well-formed, not yet possible: references and capabilities are checked
// before a run starts, the rest when it is applied. Owned values; thread: any. Times: nanoseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <schedrig/kernel_targets.hpp>
#include <schedrig/mem_policy.hpp>
#include <schedrig/work.hpp>

namespace schedrig {

// Where in a scenario something stands. file indexes Scenario::files; line and column are 1-based,
// 0 for "not from a file".
struct SourcePos {
  std::uint32_t file = 0;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

// --- CPU sets, over the machine's online CPUs in ascending order, n of them -------------------
struct LlcCpus {
  std::uint32_t llc = 0;
};
struct NumaCpus {
  std::uint32_t node = 0;
};
struct RangeCpus { // floor(start n) up to, not including, floor(end n)
  double start = 0;
  double end = 1;
};
struct DisjointCpus { // floor(index n/of) up to, not including, floor((index+1) n/of)
  std::uint32_t index = 0;
  std::uint32_t of = 1;
};
struct OverlapCpus { // the disjoint part widened at both ends by floor(frac x its size)
  std::uint32_t index = 0;
  std::uint32_t of = 1;
  double frac = 0;
};
struct ExactCpus {
  std::vector<std::uint32_t> cpus; // ascending, distinct
};
using CpusetSpec = std::variant<LlcCpus, NumaCpus, RangeCpus, DisjointCpus, OverlapCpus, ExactCpus>;

// --- affinity of workers -----------------------------------------------------------------------
struct InheritAffinity {};
struct RandomAffinity {
  std::uint32_t count = 1;
};
struct LlcAffinity {};
struct CrossCgroupAffinity {};
struct SingleCpuAffinity {};
struct SmtPairAffinity {};
struct ExactAffinity {
  std::vector<std::uint32_t> cpus;
};
using AffinityIntent =
    std::variant<InheritAffinity, RandomAffinity, LlcAffinity, CrossCgroupAffinity,
                 SingleCpuAffinity, SmtPairAffinity, ExactAffinity>;

struct MemPolicy {
  MemPolicyMode mode = MemPolicyMode::kDefault;
  std::vector<std::uint32_t> nodes;
};

// --- worker groups and cgroup definitions --------------------------------------------------------
// A group of workers as a scenario gives it. Parameters that it leaves out are default_work()'s.
struct WorkGroup {
  WorkType type = WorkType::kSpin;
  std::optional<std::uint32_t> workers; // neither given: one group of the type
  std::optional<double> workers_pct;    // percent of the cpuset's CPUs, rounded up
  std::int64_t burst_ns = WorkSpec{}.burst_ns;
  std::int64_t sleep_ns = WorkSpec{}.sleep_ns;
  std::uint32_t burst_iterations = WorkSpec{}.burst_iterations;
  std::uint64_t footprint_bytes = WorkSpec{}.footprint_bytes;
  std::uint32_t stride_bytes = WorkSpec{}.stride_bytes;
  std::uint32_t hold_iterations = WorkSpec{}.hold_iterations;
  std::uint32_t fan_out = WorkSpec{}.fan_out;
  std::uint32_t contenders = WorkSpec{}.contenders;
  std::uint32_t operations = WorkSpec{}.operations;
  std::uint32_t touches = WorkSpec{}.touches;
  bool precise_timing = false;
  std::vector<WorkPhase> phases;
  std::int32_t nice = 0;
  SchedClass policy = SchedClass::kNormal;
  AffinityIntent affinity;
  MemPolicy mem_policy;
  SourcePos pos;
};

struct CpuMax {
  std::int64_t quota_ns = 0;
  std::int64_t period_ns = 100'000'000; // the kernel's default (cpu.max)
};

struct CgroupDef {
  std::string name;
  std::optional<CpusetSpec> cpuset;
  std::optional<std::uint32_t> cpu_weight; // 1..10000
  std::optional<CpuMax> cpu_max;
  std::optional<std::uint64_t> memory_max;
  std::optional<std::uint64_t> memory_high;
  std::optional<std::uint32_t> io_weight; // 1..10000
  std::optional<std::uint32_t> pids_max;
  bool swappable = false;
  std::vector<WorkGroup> work;
  std::string payload; // name of a declared payload; empty: none
  SourcePos pos;
};

// --- the ops: cgroups
// ------------------------------------------------------------------------------
struct AddCgroup {
  std::string name;
};
struct AddCgroupDef {
  CgroupDef def;
};
struct RemoveCgroup {
  std::string cgroup;
  bool missing_ok = false;
};
struct SetCpuset {
  std::string cgroup;
  CpusetSpec cpus;
};
struct ClearCpuset {
  std::string cgroup;
};
struct SwapCpusets {
  std::string a;
  std::string b;
};
struct StopCgroup {
  std::string cgroup;
};
struct MoveAllTasks {
  std::string from; // empty: the runner's workers
  std::string to;
};
struct FreezeCgroup {
  std::string cgroup;
  // 2 s: freezing is bounded by the longest uninterruptible sleep; 0: do not wait.
  std::int64_t wait_ns = 2'000'000'000;
};
struct UnfreezeCgroup {
  std::string cgroup;
};
struct CaptureCgroupProcs {
  std::string tag;
  std::string cgroup;
  bool threads = false;
};

// --- the ops: workers and payloads
// -----------------------------------------------------------------
struct Spawn {
  std::optional<std::string> cgroup; // none: placement = "runner"
  WorkGroup work;
};
struct SetAffinity {
  std::string cgroup;
  AffinityIntent affinity;
};
struct RunPayload {
  std::string payload;
  std::vector<std::string> args;
  std::optional<std::string> cgroup;
};
struct WaitPayload {
  std::string name;
  std::optional<std::string> cgroup;
  std::optional<std::int64_t> timeout_ns;
};
struct KillPayload {
  std::string name;
  std::optional<std::string> cgroup;
};

// --- the ops: observation
// --------------------------------------------------------------------------
// What a captured value must be.
struct ValueCheck {
  std::string path; // into what was captured
  CompareOp op = CompareOp::kEqual;
  std::uint64_t value = 0;
  SourcePos pos;
};
struct CaptureSnapshot {
  std::string name;
  std::vector<ValueCheck> expect; // paths into this snapshot
};
enum class WatchVia : std::uint32_t { kHardware = 0, kPage };
struct WatchSnapshot {
  KernelTarget target;
  std::uint32_t len = 4;
  WatchVia via = WatchVia::kHardware;
  std::uint32_t max_captures = 16;
  std::int64_t min_interval_ns = 0;
  std::optional<Comparison> condition;
};
struct ReadKernelHot {
  std::string tag;
  KernelTarget target;
  KernelWidth width;
};
struct ReadKernelCold {
  std::string tag;
  KernelTarget target;
  KernelWidth width;
};
struct WriteKernelHot {
  std::vector<KernelWrite> writes;
};
struct WriteKernelCold {
  std::vector<KernelWrite> writes;
};
struct PinBpfMap {
  std::string name; // at most 15 characters, as the kernel keeps it
};

// --- the ops: schedulers, interrupts, commands
// -------------------------------------------------------
struct AttachScheduler {
  std::string scheduler;
  std::int64_t timeout_ns = 30'000'000'000; // verification of a large BPF scheduler takes seconds
};
struct DetachScheduler {};
struct RestartScheduler {};
struct ReplaceScheduler {
  std::string scheduler;
  std::int64_t timeout_ns = 30'000'000'000;
};
struct SteerIrq {
  std::variant<std::uint32_t, std::string> irq; // number or action name of /proc/interrupts
  std::optional<std::uint32_t> nth;             // which, where a name stands more than once
  std::uint32_t cpu = 0;
};

struct YieldCommand {};
struct BlockCommand {};
struct ShutdownCommand {
  std::uint32_t reason = 0;
};
struct PollCommand {
  std::vector<std::uint32_t> ports;
  std::uint64_t timeout_ns = 0; // absolute; 0: none
};
struct RemoteShutdownCommand {
  std::string machine;
  std::uint32_t reason = 0;
};
struct ShutdownCodeCommand {
  std::uint32_t reason = 0;
};
struct WatchdogCommand {
  std::uint32_t id = 0;
  std::uint32_t timeout_s = 0;
};
struct PinOverrideCommand {
  std::int32_t pcpu = -1; // negative undoes
};
using SchedCommandBody =
    std::variant<YieldCommand, BlockCommand, ShutdownCommand, PollCommand, RemoteShutdownCommand,
                 ShutdownCodeCommand, WatchdogCommand, PinOverrideCommand>;
struct SchedCommand {
  std::string machine; // empty: the only one
  std::uint32_t vcpu = 0;
  SchedCommandBody command;
};
struct RaiseEvent {
  std::string machine; // empty: the only one
  std::uint32_t port = 0;
  std::uint32_t vcpu = 0; // that it notifies
};

using OpBody =
    std::variant<AddCgroup, AddCgroupDef, RemoveCgroup, SetCpuset, ClearCpuset, SwapCpusets,
                 StopCgroup, MoveAllTasks, FreezeCgroup, UnfreezeCgroup, CaptureCgroupProcs, Spawn,
                 SetAffinity, RunPayload, WaitPayload, KillPayload, CaptureSnapshot, WatchSnapshot,
                 ReadKernelHot, ReadKernelCold, WriteKernelHot, WriteKernelCold, PinBpfMap,
                 AttachScheduler, DetachScheduler, RestartScheduler, ReplaceScheduler, SteerIrq,
                 SchedCommand, RaiseEvent>;

struct Op {
  OpBody body;
  SourcePos pos; // of its table in the scenario
};

struct OpInfo {
  std::string_view name; // as spelled in a scenario
  std::string_view doc;  // one line
  // Facets a backend must offer, by id, space-separated; empty: none.
  std::string_view facets;
  bool landed = false; // false: no backend of this release offers a facet that it needs
};

// One entry an alternative of OpBody, in its order.
[[nodiscard]] std::span<const OpInfo> op_infos() noexcept;
[[nodiscard]] inline const OpInfo& op_info(const OpBody& body) noexcept {
  return op_infos()[body.index()];
}

} // namespace schedrig

// SPDX-License-Identifier: MIT
// The structures of the simulated kernel, as they lie in its memory: of the kernel's the fields
// that the simulation has values for, by the names and types of Linux 6.18 (types.cpp has the
// names). Padding is spelled out: two structures are compared as bytes. Thread: any.
#pragma once

#include <array>
#include <cstdint>

#include "plugins/mock/sim/cpu_mask.hpp"

namespace schedrig::mock::guest {

using Pointer = std::uint64_t; // what the kernel's pointers hold

struct ListHead {
  Pointer next = 0;
  Pointer prev = 0;
};

// kernel/sched/sched.h
struct CfsRq {
  std::uint32_t nr_queued = 0;
  std::uint32_t h_nr_queued = 0;
};
struct RtRq {
  std::uint32_t rt_nr_running = 0;
};
struct DlRq {
  std::uint32_t dl_nr_running = 0;
};
// include/linux/rbtree_types.h
struct RbNode {
  std::uint64_t parent_color = 0; // __rb_parent_color
  Pointer rb_right = 0;
  Pointer rb_left = 0;
};

// include/linux/sched/ext.h, kernel/sched/ext_internal.h, include/linux/rhashtable.h
struct ScxDispatchQ {
  ListHead list;
  Pointer priq = 0; // priq.rb_node
  std::uint32_t nr = 0;
  std::uint32_t padding = 0;
  std::uint64_t id = 0;
  Pointer hash_node = 0; // hash_node.next
};
inline constexpr std::size_t kOpsNameBytes = 128; // SCX_OPS_NAME_LEN
struct ScxSched {
  std::array<char, kOpsNameBytes> name{}; // ops.name
  Pointer dsq_hash = 0;                   // dsq_hash.tbl
  Pointer global_dsqs = 0;
  Pointer pcpu = 0; // per-CPU
  std::uint32_t exit_kind = 0;
  std::uint32_t reserved = 0;
};
struct ScxEventStats {
  std::uint64_t select_cpu_fallback = 0;
  std::uint64_t dispatch_keep_last = 0;
  std::uint64_t refill_slice_dfl = 0;
};
inline constexpr std::uint32_t kBuckets = 64;
struct BucketTable {
  std::uint32_t size = 0;
  std::uint32_t nest = 0;
  Pointer future_tbl = 0;
  std::array<Pointer, kBuckets> buckets{};
};
struct ScxRq {
  ScxDispatchQ local_dsq;
  ListHead runnable_list;
  std::uint32_t nr_running = 0;
  std::uint32_t flags = 0;
  std::uint64_t clock = 0;
};
struct Rq {
  std::uint32_t nr_running = 0;
  std::int32_t cpu = 0;
  std::uint64_t nr_switches = 0;
  CfsRq cfs;
  RtRq rt;
  DlRq dl;
  ScxRq scx;
  Pointer curr = 0;
  Pointer idle = 0;
  std::uint64_t clock = 0;
  std::uint64_t clock_task = 0;
};

// include/linux/kernel_stat.h, by enum cpu_usage_stat
inline constexpr std::uint32_t kCpuStates = 10;
inline constexpr std::uint32_t kStateUser = 0;
inline constexpr std::uint32_t kStateIdle = 5;
inline constexpr std::uint32_t kStateSteal = 7;
struct KernelCpustat {
  std::array<std::uint64_t, kCpuStates> cpustat{};
};

// include/linux/sched.h
struct ThreadInfo {
  std::uint64_t flags = 0;
  std::uint32_t cpu = 0;
  std::uint32_t padding = 0;
};
struct SchedEntity {
  std::uint64_t load_weight = 0; // load.weight
  std::uint64_t exec_start = 0;
  std::uint64_t sum_exec_runtime = 0;
};
struct SchedExtEntity {
  Pointer dsq = 0;
  ListHead dsq_list;           // dsq_list.node
  std::uint64_t dsq_flags = 0; // dsq_list.flags and priv
  RbNode dsq_priq;
  std::uint64_t slice = 0;
  std::uint64_t dsq_vtime = 0;
  ListHead runnable_node;
  std::uint64_t runnable_at = 0; // jiffies
  std::uint32_t weight = 0;
  std::uint32_t padding = 0;
};
// include/linux/cpumask_types.h
struct Cpumask {
  std::array<std::uint64_t, CpuMask::kWords> bits{};
};
struct SchedInfo {
  std::uint64_t run_delay = 0;
  std::uint64_t last_queued = 0;
};
struct TaskStruct {
  ThreadInfo thread_info;
  std::uint32_t state = 0; // __state
  std::uint32_t usage = 0; // usage.refs.counter
  std::uint32_t flags = 0;
  std::int32_t on_cpu = 0;
  std::int32_t on_rq = 0;
  std::int32_t prio = 0;
  std::int32_t static_prio = 0;
  std::int32_t normal_prio = 0;
  SchedEntity se;
  SchedExtEntity scx;
  Pointer sched_class = 0;
  std::uint32_t policy = 0;
  std::int32_t nr_cpus_allowed = 0;
  Cpumask cpus_mask;
  SchedInfo sched_info;
  ListHead tasks;
  std::int32_t exit_state = 0;
  std::int32_t exit_code = 0;
  std::int32_t pid = 0;
  std::int32_t tgid = 0;
  Pointer real_parent = 0;
  Pointer group_leader = 0;
  ListHead thread_node;
  std::uint64_t nvcsw = 0;
  std::uint64_t nivcsw = 0;
  std::uint64_t start_time = 0;
  std::uint64_t start_boottime = 0;
  std::array<char, 16> comm{};
  Pointer signal = 0;
  Pointer cgroups = 0;
};
struct SignalStruct {
  ListHead thread_head;
  std::int32_t nr_threads = 0;
  std::uint32_t padding = 0;
};

// include/linux/cgroup-defs.h, kernfs.h
struct CgroupSubsysState {
  Pointer cgroup = 0;
  ListHead sibling;
  ListHead children;
  std::uint32_t flags = 0;
  std::uint32_t padding = 0;
  std::uint64_t serial_nr = 0;
};
struct Cgroup {
  CgroupSubsysState self;
  Pointer kn = 0;
  std::int32_t level = 0;
  std::int32_t nr_populated_csets = 0;
  std::int32_t nr_populated_domain_children = 0;
  std::int32_t nr_populated_threaded_children = 0;
  std::int32_t e_freeze = 0; // freezer.e_freeze
  std::uint32_t padding = 0;
};
struct CgroupRoot {
  Pointer kf_root = 0;
  Cgroup cgrp;
};
struct KernfsNode {
  Pointer name = 0;
  std::uint64_t id = 0;
};
struct CssSet {
  Pointer dfl_cgrp = 0;
};

// include/linux/xarray.h, idr.h, kernel/bpf/arraymap.c, include/linux/bpf.h, kernel/bpf/btf.c
inline constexpr std::uint32_t kSlotsOfNode = 64;
struct XaNode {
  std::uint8_t shift = 0;
  std::array<std::uint8_t, 7> padding{};
  std::array<Pointer, kSlotsOfNode> slots{};
};
struct Idr {
  Pointer xa_head = 0; // idr_rt.xa_head
};
inline constexpr std::size_t kObjectNameBytes = 16; // BPF_OBJ_NAME_LEN
struct BpfMap {
  std::uint32_t map_type = 0;
  std::uint32_t key_size = 0;
  std::uint32_t value_size = 0;
  std::uint32_t max_entries = 0;
  std::uint32_t map_flags = 0;
  std::uint32_t id = 0;
  std::array<char, kObjectNameBytes> name{};
  Pointer btf = 0;
  std::uint32_t btf_key_type_id = 0;
  std::uint32_t btf_value_type_id = 0;
};
struct BtfObject {
  Pointer data = 0;
  std::uint32_t data_size = 0;
  std::uint32_t id = 0;
};
struct BpfProgAux {
  std::uint32_t id = 0;
  std::array<char, kObjectNameBytes> name{};
};
struct BpfProg {
  Pointer aux = 0;
  std::uint32_t type = 0;
  std::uint32_t jited_len = 0;
};

} // namespace schedrig::mock::guest

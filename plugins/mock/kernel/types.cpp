// SPDX-License-Identifier: MIT
#include "plugins/mock/kernel/types.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <optional>

#include <schedrig/scheduler_exit.hpp>

namespace schedrig::mock {
namespace {

using namespace guest;

constexpr bool kCounter = true;

// What most lines below say: a field that is called in C++ as in the kernel.
#define FIELD(structure, member, type)                                                             \
  FieldSpec {                                                                                      \
    #member, offsetof(structure, member), type                                                     \
  }
#define COUNTER(structure, member, type)                                                           \
  FieldSpec {                                                                                      \
    #member, offsetof(structure, member), type, kCounter                                           \
  }

constexpr std::array kListHead = {FIELD(ListHead, next, "list_head *"),
                                  FIELD(ListHead, prev, "list_head *")};
constexpr std::array kCfsRq = {COUNTER(CfsRq, nr_queued, "u32"),
                               COUNTER(CfsRq, h_nr_queued, "u32")};
constexpr std::array kRtRq = {COUNTER(RtRq, rt_nr_running, "u32")};
constexpr std::array kDlRq = {COUNTER(DlRq, dl_nr_running, "u32")};
constexpr std::array kRbNode = {FieldSpec{"__rb_parent_color", 0, "u64"},
                                FIELD(RbNode, rb_right, "rb_node *"),
                                FIELD(RbNode, rb_left, "rb_node *")};
constexpr std::array kRbRoot = {FieldSpec{"rb_node", 0, "rb_node *"}};
constexpr std::array kRhashHead = {FieldSpec{"next", 0, "rhash_head *"}};
constexpr std::array kScxDispatchQ = {
    FIELD(ScxDispatchQ, list, "list_head"), FIELD(ScxDispatchQ, priq, "rb_root"),
    COUNTER(ScxDispatchQ, nr, "u32"), FIELD(ScxDispatchQ, id, "u64"),
    FIELD(ScxDispatchQ, hash_node, "rhash_head")};
constexpr std::array kScxDsqListNode = {FieldSpec{"node", 0, "list_head"},
                                        FieldSpec{"flags", sizeof(ListHead), "u32"},
                                        FieldSpec{"priv", sizeof(ListHead) + 4, "u32"}};
constexpr std::array kSchedExtOps = {FieldSpec{"name", 0, "char[128]"}};
constexpr std::array kRhashtable = {FieldSpec{"tbl", 0, "bucket_table *"}};
constexpr std::array kBucketTable = {
    FIELD(BucketTable, size, "u32"), FIELD(BucketTable, nest, "u32"),
    FIELD(BucketTable, future_tbl, "bucket_table *"), FIELD(BucketTable, buckets, "u64[64]")};
constexpr std::array kScxSched = {
    FieldSpec{"ops", 0, "sched_ext_ops"}, FIELD(ScxSched, dsq_hash, "rhashtable"),
    FIELD(ScxSched, global_dsqs, "*"), FIELD(ScxSched, pcpu, "scx_sched_pcpu *"),
    FIELD(ScxSched, exit_kind, "u32")};
constexpr std::array kScxEventStats = {
    FieldSpec{"SCX_EV_SELECT_CPU_FALLBACK", offsetof(ScxEventStats, select_cpu_fallback), "u64",
              kCounter},
    FieldSpec{"SCX_EV_DISPATCH_KEEP_LAST", offsetof(ScxEventStats, dispatch_keep_last), "u64",
              kCounter},
    FieldSpec{"SCX_EV_REFILL_SLICE_DFL", offsetof(ScxEventStats, refill_slice_dfl), "u64",
              kCounter}};
constexpr std::array kScxSchedPcpu = {FieldSpec{"event_stats", 0, "scx_event_stats"}};
constexpr std::array kScxRq = {
    FIELD(ScxRq, local_dsq, "scx_dispatch_q"), FIELD(ScxRq, runnable_list, "list_head"),
    COUNTER(ScxRq, nr_running, "u32"), FIELD(ScxRq, flags, "u32"), FIELD(ScxRq, clock, "u64")};
constexpr std::array kRq = {COUNTER(Rq, nr_running, "u32"),   FIELD(Rq, cpu, "s32"),
                            COUNTER(Rq, nr_switches, "u64"),  FIELD(Rq, cfs, "cfs_rq"),
                            FIELD(Rq, rt, "rt_rq"),           FIELD(Rq, dl, "dl_rq"),
                            FIELD(Rq, scx, "scx_rq"),         FIELD(Rq, curr, "task_struct *"),
                            FIELD(Rq, idle, "task_struct *"), FIELD(Rq, clock, "u64"),
                            FIELD(Rq, clock_task, "u64")};
constexpr std::array kKernelCpustat = {COUNTER(KernelCpustat, cpustat, "u64[10]")};
constexpr std::array kThreadInfo = {FIELD(ThreadInfo, flags, "u64"), FIELD(ThreadInfo, cpu, "u32")};
constexpr std::array kAtomic = {FieldSpec{"counter", 0, "s32"}};
constexpr std::array kRefcount = {FieldSpec{"refs", 0, "(atomic_t)"}};
constexpr std::array kLoadWeight = {FieldSpec{"weight", 0, "u64"}};
constexpr std::array kSchedEntity = {
    FieldSpec{"load", offsetof(SchedEntity, load_weight), "load_weight"},
    FIELD(SchedEntity, exec_start, "u64"), COUNTER(SchedEntity, sum_exec_runtime, "u64")};
constexpr std::array kSchedExtEntity = {FIELD(SchedExtEntity, dsq, "scx_dispatch_q *"),
                                        FIELD(SchedExtEntity, dsq_list, "scx_dsq_list_node"),
                                        FIELD(SchedExtEntity, dsq_priq, "rb_node"),
                                        FIELD(SchedExtEntity, slice, "u64"),
                                        FIELD(SchedExtEntity, dsq_vtime, "u64"),
                                        FIELD(SchedExtEntity, runnable_node, "list_head"),
                                        FIELD(SchedExtEntity, runnable_at, "u64"),
                                        FIELD(SchedExtEntity, weight, "u32")};
static_assert(CpuMask::kWords == 8); // as the type below says
constexpr std::array kCpumask = {FIELD(Cpumask, bits, "u64[8]")};
constexpr std::array kSchedInfo = {COUNTER(SchedInfo, run_delay, "u64"),
                                   FIELD(SchedInfo, last_queued, "u64")};
constexpr std::array kTaskStruct = {FIELD(TaskStruct, thread_info, "thread_info"),
                                    FieldSpec{"__state", offsetof(TaskStruct, state), "u32"},
                                    FIELD(TaskStruct, usage, "refcount_struct"),
                                    FIELD(TaskStruct, flags, "u32"),
                                    FIELD(TaskStruct, on_cpu, "s32"),
                                    FIELD(TaskStruct, on_rq, "s32"),
                                    FIELD(TaskStruct, prio, "s32"),
                                    FIELD(TaskStruct, static_prio, "s32"),
                                    FIELD(TaskStruct, normal_prio, "s32"),
                                    FIELD(TaskStruct, se, "sched_entity"),
                                    FIELD(TaskStruct, scx, "sched_ext_entity"),
                                    FIELD(TaskStruct, sched_class, "*"),
                                    FIELD(TaskStruct, policy, "u32"),
                                    FIELD(TaskStruct, nr_cpus_allowed, "s32"),
                                    FIELD(TaskStruct, cpus_mask, "cpumask"),
                                    FIELD(TaskStruct, sched_info, "sched_info"),
                                    FIELD(TaskStruct, tasks, "list_head"),
                                    FIELD(TaskStruct, exit_state, "s32"),
                                    FIELD(TaskStruct, exit_code, "s32"),
                                    FIELD(TaskStruct, pid, "s32"),
                                    FIELD(TaskStruct, tgid, "s32"),
                                    FIELD(TaskStruct, real_parent, "task_struct *"),
                                    FIELD(TaskStruct, group_leader, "task_struct *"),
                                    FIELD(TaskStruct, thread_node, "list_head"),
                                    COUNTER(TaskStruct, nvcsw, "u64"),
                                    COUNTER(TaskStruct, nivcsw, "u64"),
                                    FIELD(TaskStruct, start_time, "u64"),
                                    FIELD(TaskStruct, start_boottime, "u64"),
                                    FIELD(TaskStruct, comm, "char[16]"),
                                    FIELD(TaskStruct, signal, "signal_struct *"),
                                    FIELD(TaskStruct, cgroups, "css_set *")};
constexpr std::array kSignalStruct = {FIELD(SignalStruct, thread_head, "list_head"),
                                      FIELD(SignalStruct, nr_threads, "s32")};
constexpr std::array kCgroupSubsysState = {
    FIELD(CgroupSubsysState, cgroup, "cgroup *"), FIELD(CgroupSubsysState, sibling, "list_head"),
    FIELD(CgroupSubsysState, children, "list_head"), FIELD(CgroupSubsysState, flags, "u32"),
    FIELD(CgroupSubsysState, serial_nr, "u64")};
constexpr std::array kFreezer = {FieldSpec{"e_freeze", 0, "s32"}};
constexpr std::array kCgroup = {
    FIELD(Cgroup, self, "cgroup_subsys_state"),
    FIELD(Cgroup, kn, "kernfs_node *"),
    FIELD(Cgroup, level, "s32"),
    FIELD(Cgroup, nr_populated_csets, "s32"),
    FIELD(Cgroup, nr_populated_domain_children, "s32"),
    FIELD(Cgroup, nr_populated_threaded_children, "s32"),
    FieldSpec{"freezer", offsetof(Cgroup, e_freeze), "cgroup_freezer_state"}};
constexpr std::array kCgroupRoot = {FIELD(CgroupRoot, kf_root, "*"),
                                    FIELD(CgroupRoot, cgrp, "cgroup")};
constexpr std::array kKernfsNode = {FIELD(KernfsNode, name, "char *"),
                                    FIELD(KernfsNode, id, "u64")};
constexpr std::array kCssSet = {FIELD(CssSet, dfl_cgrp, "cgroup *")};
constexpr std::array kXaNode = {FIELD(XaNode, shift, "u8"), FIELD(XaNode, slots, "u64[64]")};
constexpr std::array kXarray = {FIELD(Idr, xa_head, "*")};
constexpr std::array kIdr = {FieldSpec{"idr_rt", 0, "xarray"}};
constexpr std::array kBpfMap = {
    FIELD(BpfMap, map_type, "u32"),        FIELD(BpfMap, key_size, "u32"),
    FIELD(BpfMap, value_size, "u32"),      FIELD(BpfMap, max_entries, "u32"),
    FIELD(BpfMap, map_flags, "u32"),       FIELD(BpfMap, id, "u32"),
    FIELD(BpfMap, name, "char[16]"),       FIELD(BpfMap, btf, "btf *"),
    FIELD(BpfMap, btf_key_type_id, "u32"), FIELD(BpfMap, btf_value_type_id, "u32")};
constexpr std::array kBpfArray = {FieldSpec{"map", 0, "bpf_map"},
                                  FieldSpec{"value", sizeof(BpfMap), "u8[0]"}};
constexpr std::array kBtfObject = {FIELD(BtfObject, data, "*"), FIELD(BtfObject, data_size, "u32"),
                                   FIELD(BtfObject, id, "u32")};
constexpr std::array kBpfProgAux = {FIELD(BpfProgAux, id, "u32"),
                                    FIELD(BpfProgAux, name, "char[16]")};
constexpr std::array kBpfProg = {FIELD(BpfProg, aux, "bpf_prog_aux *"), FIELD(BpfProg, type, "u32"),
                                 FIELD(BpfProg, jited_len, "u32")};
#undef FIELD
#undef COUNTER

constexpr std::array kStructs = {
    StructSpec{"list_head", sizeof(ListHead), kListHead},
    StructSpec{"cfs_rq", sizeof(CfsRq), kCfsRq},
    StructSpec{"rt_rq", sizeof(RtRq), kRtRq},
    StructSpec{"dl_rq", sizeof(DlRq), kDlRq},
    StructSpec{"rb_node", sizeof(RbNode), kRbNode},
    StructSpec{"rb_root", sizeof(Pointer), kRbRoot},
    StructSpec{"rhash_head", sizeof(Pointer), kRhashHead},
    StructSpec{"rhashtable", sizeof(Pointer), kRhashtable},
    StructSpec{"bucket_table", sizeof(BucketTable), kBucketTable},
    StructSpec{"scx_dispatch_q", sizeof(ScxDispatchQ), kScxDispatchQ},
    StructSpec{"scx_dsq_list_node", sizeof(ListHead) + sizeof(std::uint64_t), kScxDsqListNode},
    StructSpec{"sched_ext_ops", kOpsNameBytes, kSchedExtOps},
    StructSpec{"scx_event_stats", sizeof(ScxEventStats), kScxEventStats},
    StructSpec{"scx_sched_pcpu", sizeof(ScxEventStats), kScxSchedPcpu},
    StructSpec{"scx_sched", sizeof(ScxSched), kScxSched},
    StructSpec{"scx_rq", sizeof(ScxRq), kScxRq},
    StructSpec{"rq", sizeof(Rq), kRq},
    StructSpec{"kernel_cpustat", sizeof(KernelCpustat), kKernelCpustat},
    StructSpec{"thread_info", sizeof(ThreadInfo), kThreadInfo},
    StructSpec{"(atomic_t)", sizeof(std::uint32_t), kAtomic},
    StructSpec{"refcount_struct", sizeof(std::uint32_t), kRefcount},
    StructSpec{"load_weight", sizeof(std::uint64_t), kLoadWeight},
    StructSpec{"sched_entity", sizeof(SchedEntity), kSchedEntity},
    StructSpec{"sched_ext_entity", sizeof(SchedExtEntity), kSchedExtEntity},
    StructSpec{"cpumask", sizeof(Cpumask), kCpumask},
    StructSpec{"sched_info", sizeof(SchedInfo), kSchedInfo},
    StructSpec{"task_struct", sizeof(TaskStruct), kTaskStruct},
    StructSpec{"signal_struct", sizeof(SignalStruct), kSignalStruct},
    StructSpec{"cgroup_subsys_state", sizeof(CgroupSubsysState), kCgroupSubsysState},
    StructSpec{"cgroup_freezer_state", sizeof(std::uint32_t), kFreezer},
    StructSpec{"cgroup", sizeof(Cgroup), kCgroup},
    StructSpec{"cgroup_root", sizeof(CgroupRoot), kCgroupRoot},
    StructSpec{"kernfs_node", sizeof(KernfsNode), kKernfsNode},
    StructSpec{"css_set", sizeof(CssSet), kCssSet},
    StructSpec{"xa_node", sizeof(XaNode), kXaNode},
    StructSpec{"xarray", sizeof(Idr), kXarray},
    StructSpec{"idr", sizeof(Idr), kIdr},
    StructSpec{"bpf_map", sizeof(BpfMap), kBpfMap},
    StructSpec{"bpf_array", sizeof(BpfMap), kBpfArray},
    StructSpec{"btf", sizeof(BtfObject), kBtfObject},
    StructSpec{"bpf_prog_aux", sizeof(BpfProgAux), kBpfProgAux},
    StructSpec{"bpf_prog", sizeof(BpfProg), kBpfProg},
};

struct Plain {
  std::string_view word;
  BtfType type;
};
// The first stands first in the table, since arrays are indexed by it.
constexpr std::array kPlain = {
    Plain{"u32", {.kind = BtfKind::kInteger, .bytes = 4, .name = "unsigned int"}},
    Plain{"u64", {.kind = BtfKind::kInteger, .bytes = 8, .name = "long unsigned int"}},
    Plain{"s32", {.kind = BtfKind::kSigned, .bytes = 4, .name = "int"}},
    Plain{"u8", {.kind = BtfKind::kInteger, .bytes = 1, .name = "unsigned char"}},
    Plain{"char", {.kind = BtfKind::kChar, .bytes = 1, .name = "char"}},
    Plain{"*", {.kind = BtfKind::kPointer}},
};

// include/linux/kernel_stat.h, Linux 6.18
constexpr std::array<std::string_view, kCpuStates + 1> kCpuStateNames = {
    "CPUTIME_USER",  "CPUTIME_NICE",       "CPUTIME_SYSTEM", "CPUTIME_SOFTIRQ",
    "CPUTIME_IRQ",   "CPUTIME_IDLE",       "CPUTIME_IOWAIT", "CPUTIME_STEAL",
    "CPUTIME_GUEST", "CPUTIME_GUEST_NICE", "NR_STATS"};

struct ArrayOf {
  std::string_view element;
  std::optional<std::uint32_t> count; // nothing: it is no array
};
ArrayOf as_array(std::string_view type) {
  const std::size_t bracket = type.find('[');
  ArrayOf array{.element = type.substr(0, bracket), .count = {}};
  if (bracket != std::string_view::npos) {
    array.count = 0;
    std::from_chars(type.data() + bracket + 1, type.data() + type.size(), *array.count);
  }
  return array;
}

const StructSpec* find_struct(std::string_view name) {
  for (const StructSpec& each : kStructs) {
    if (each.name == name) {
      return &each;
    }
  }
  return nullptr;
}

std::uint32_t bytes_of(std::string_view type) {
  if (const StructSpec* structure = find_struct(type)) {
    return structure->bytes;
  }
  for (const Plain& plain : kPlain) {
    if (plain.word == type && plain.type.bytes != 0) {
      return plain.type.bytes;
    }
  }
  return sizeof(Pointer);
}

void add_leaves(std::string_view type, std::uint32_t at, bool counter, std::vector<Leaf>& leaves) {
  const ArrayOf array = as_array(type);
  if (array.count && array.element == "char") {
    leaves.push_back({.at = at, .bytes = *array.count, .counter = false});
  } else if (array.count) {
    for (std::uint32_t i = 0; i < *array.count; ++i) {
      add_leaves(array.element, at + i * bytes_of(array.element), counter, leaves);
    }
  } else if (const StructSpec* structure = find_struct(type)) {
    for (const FieldSpec& field : structure->fields) {
      add_leaves(field.type, at + field.at, field.counter, leaves);
    }
  } else {
    leaves.push_back({.at = at, .bytes = bytes_of(type), .counter = counter});
  }
}

} // namespace

std::span<const StructSpec> kernel_structs() {
  return kStructs;
}

std::vector<Leaf> leaves_of(std::string_view structure) {
  std::vector<Leaf> leaves;
  add_leaves(structure, 0, false, leaves);
  return leaves;
}

TypeTable::TypeTable() {
  for (const Plain& plain : kPlain) {
    numbers_.emplace(plain.word, add(plain.type));
  }
  // First all numbers, since structures point to each other.
  for (const StructSpec& each : kStructs) {
    const bool nameless = each.name.front() == '(';
    numbers_.emplace(each.name, add({.kind = BtfKind::kStruct,
                                     .bytes = each.bytes,
                                     .name = nameless ? std::string_view() : each.name}));
  }
  for (const StructSpec& each : kStructs) {
    std::vector<BtfMember>& members = members_.emplace_back();
    for (const FieldSpec& field : each.fields) {
      members.push_back({.name = field.name, .type = number_of(field.type), .value = field.at});
    }
    types_[number_of(each.name) - 1].members = members;
  }
  add_cpu_states();
  add_exit_kinds();
}

void TypeTable::add_cpu_states() {
  std::vector<BtfMember>& members = members_.emplace_back();
  for (const std::string_view name : kCpuStateNames) {
    members.push_back(
        {.name = name, .type = 0, .value = static_cast<std::uint32_t>(members.size())});
  }
  add({.kind = BtfKind::kEnum,
       .bytes = sizeof(std::uint32_t),
       .name = "cpu_usage_stat",
       .members = members});
}

void TypeTable::add_exit_kinds() {
  std::vector<BtfMember>& members = members_.emplace_back();
  members.push_back({.name = "SCX_EXIT_NONE", .type = 0, .value = 0});
  for (const ExitKindInfo& kind : kExitKinds) {
    members.push_back(
        {.name = kind.name, .type = 0, .value = static_cast<std::uint32_t>(kind.kind)});
  }
  add({.kind = BtfKind::kEnum,
       .bytes = sizeof(std::uint32_t),
       .name = "scx_exit_kind",
       .members = members});
}

std::uint32_t TypeTable::add(const BtfType& type) {
  types_.push_back(type);
  return static_cast<std::uint32_t>(types_.size());
}

std::uint32_t TypeTable::number_of(std::string_view type) {
  if (const auto known = numbers_.find(type); known != numbers_.end()) {
    return known->second;
  }
  constexpr std::string_view kPointerTo = " *";
  BtfType made;
  if (type.ends_with(kPointerTo)) {
    made.kind = BtfKind::kPointer;
    made.type = number_of(type.substr(0, type.size() - kPointerTo.size()));
  } else {
    const ArrayOf array = as_array(type);
    made.kind = BtfKind::kArray;
    made.type = number_of(array.element);
    made.count = array.count.value_or(0);
  }
  const std::uint32_t number = add(made);
  numbers_.emplace(type, number);
  return number;
}

} // namespace schedrig::mock

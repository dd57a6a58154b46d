// SPDX-License-Identifier: MIT
// The types of the small kernel that tests look into: the fields that walks read, by the names that
// Linux 6.18 gives them, each structure as small as it can be. Thread: any.
#pragma once

#include <string>

#include "tests/unit/kernel/images.hpp"

namespace schedrig::test {

class SmallKernelTypes {
 public:
  std::string blob() {
    add_scx();
    add_per_cpu();
    add_task();
    add_bpf();
    add_cgroup();
    return btf_.blob();
  }

 private:
  void add_per_cpu() {
    const auto rt = btf_.structure("rt_rq", 4, {{"rt_nr_running", u32_, 0, 0}});
    const auto dl = btf_.structure("dl_rq", 4, {{"dl_nr_running", u32_, 0, 0}});
    const auto scx = btf_.structure("scx_rq", 64,
                                    {{"nr_running", u32_, 0, 0},
                                     {"flags", u32_, 32, 0},
                                     {"clock", u64_, 64, 0},
                                     {"local_dsq", queue_, 128, 0}});
    btf_.structure("rq", 120,
                   {{"nr_running", u32_, 0, 0},
                    {"cpu", u32_, 32, 0},
                    {"idle", u32_, 64, 1},
                    {"nr_switches", u64_, 128, 0},
                    {"clock", u64_, 192, 0},
                    {"clock_task", u64_, 256, 0},
                    {"curr", pointer_, 320, 0},
                    {"rt", rt, 384, 0},
                    {"dl", dl, 416, 0},
                    {"scx", scx, 448, 0}});
    btf_.structure("kernel_cpustat", 24, {{"cpustat", btf_.array(u64_, u32_, 3), 0, 0}});
    btf_.enumeration(
        "cpu_usage_stat",
        {{"CPUTIME_USER", 0}, {"CPUTIME_NICE", 1}, {"CPUTIME_SYSTEM", 2}, {"NR_STATS", 3}});
  }

  void add_bpf() {
    const auto tree = btf_.structure("xarray", 8, {{"xa_head", pointer_, 0, 0}});
    btf_.structure("idr", 8, {{"idr_rt", tree, 0, 0}});
    btf_.structure("xa_node", 40,
                   {{"shift", u8_, 0, 0}, {"slots", btf_.array(pointer_, u32_, 4), 64, 0}});
    const auto name = btf_.array(char_, u32_, 16);
    const auto map = btf_.structure("bpf_map", 64,
                                    {{"map_type", u32_, 0, 0},
                                     {"key_size", u32_, 32, 0},
                                     {"value_size", u32_, 64, 0},
                                     {"max_entries", u32_, 96, 0},
                                     {"map_flags", u32_, 128, 0},
                                     {"id", u32_, 160, 0},
                                     {"name", name, 192, 0},
                                     {"btf", pointer_, 320, 0},
                                     {"btf_key_type_id", u32_, 384, 0},
                                     {"btf_value_type_id", u32_, 416, 0},
                                     {"btf_vmlinux_value_type_id", u32_, 448, 0}});
    const auto bytes = btf_.array(u8_, u32_, 0);
    btf_.structure("bpf_array", 64, {{"map", map, 0, 0}, {"value", bytes, 512, 0}});
    const auto bucket = btf_.structure("bucket", 16, {{"head", pointer_, 0, 0}});
    btf_.structure("bpf_htab", 80,
                   {{"map", map, 0, 0},
                    {"buckets", btf_.pointer(bucket), 512, 0},
                    {"n_buckets", u32_, 576, 0}});
    btf_.structure("htab_elem", 16, {{"hash_node", pointer_, 0, 0}, {"key", bytes, 128, 0}});
    add_struct_ops(map);
    btf_.structure("btf", 16, {{"data", pointer_, 0, 0}, {"data_size", u32_, 64, 0}});
    btf_.structure("bpf_prog", 16,
                   {{"aux", pointer_, 0, 0}, {"type", u32_, 64, 0}, {"jited_len", u32_, 96, 0}});
    btf_.structure("bpf_prog_aux", 24, {{"id", u32_, 0, 0}, {"name", name, 32, 0}});
  }

  void add_struct_ops(std::uint32_t map) {
    const auto common = btf_.structure("bpf_struct_ops_common_value", 8, {{"state", u32_, 32, 0}});
    const auto any = btf_.structure("bpf_struct_ops_value", 8, {{"common", common, 0, 0}});
    btf_.structure("bpf_struct_ops_map", 80,
                   {{"map", map, 0, 0}, {"uvalue", pointer_, 512, 0}, {"kvalue", any, 576, 0}});
    btf_.structure("bpf_struct_ops_sched_ext_ops", 40,
                   {{"common", common, 0, 0},
                    {"enqueue", pointer_, 64, 0},
                    {"dispatch", pointer_, 128, 0},
                    {"tick", pointer_, 192, 0},
                    {"flags", u64_, 256, 0}});
  }

  void add_cgroup() {
    const auto state = btf_.structure("cgroup_subsys_state", 48,
                                      {{"cgroup", pointer_, 0, 0},
                                       {"sibling", list_, 64, 0},
                                       {"children", list_, 192, 0},
                                       {"flags", u32_, 320, 0}});
    const auto freezer = btf_.structure("cgroup_freezer_state", 4, {{"e_freeze", u32_, 0, 0}});
    const auto cgroup = btf_.structure("cgroup", 80,
                                       {{"self", state, 0, 0},
                                        {"kn", pointer_, 384, 0},
                                        {"level", u32_, 448, 0},
                                        {"nr_populated_csets", u32_, 480, 0},
                                        {"nr_populated_domain_children", u32_, 512, 0},
                                        {"nr_populated_threaded_children", u32_, 544, 0},
                                        {"freezer", freezer, 576, 0}});
    btf_.structure("cgroup_root", 88, {{"kf_root", pointer_, 0, 0}, {"cgrp", cgroup, 64, 0}});
    btf_.structure("kernfs_node", 8, {{"name", pointer_, 0, 0}});
  }

  void add_scx() {
    const auto head = btf_.structure("rhash_head", 8, {{"next", pointer_, 0, 0}});
    const auto root = btf_.structure("rb_root", 8, {{"rb_node", pointer_, 0, 0}});
    queue_ = btf_.structure("scx_dispatch_q", 48,
                            {{"list", list_, 0, 0},
                             {"priq", root, 128, 0},
                             {"nr", u32_, 192, 0},
                             {"id", u64_, 256, 0},
                             {"hash_node", head, 320, 0}});
    const auto table = btf_.structure("rhashtable", 8, {{"tbl", pointer_, 0, 0}});
    btf_.structure("bucket_table", 16,
                   {{"size", u32_, 0, 0},
                    {"nest", u32_, 32, 0},
                    {"future_tbl", pointer_, 64, 0},
                    {"buckets", btf_.array(pointer_, u32_, 0), 128, 0}});
    const auto ops =
        btf_.structure("sched_ext_ops", 16, {{"name", btf_.array(char_, u32_, 16), 0, 0}});
    btf_.structure(
        "scx_sched", 32,
        {{"ops", ops, 0, 0}, {"dsq_hash", table, 128, 0}, {"global_dsqs", pointer_, 192, 0}});
    const auto node =
        btf_.structure("scx_dsq_list_node", 24, {{"node", list_, 0, 0}, {"flags", u32_, 128, 0}});
    scx_ = btf_.structure("sched_ext_entity", 72,
                          {{"dsq", pointer_, 0, 0},
                           {"dsq_vtime", u64_, 64, 0},
                           {"weight", u32_, 128, 0},
                           {"runnable_node", list_, 192, 0},
                           {"runnable_at", u64_, 320, 0},
                           {"dsq_list", node, 384, 0}});
  }

  void add_task() {
    const auto thread_info = btf_.structure("thread_info", 4, {{"cpu", u32_, 0, 0}});
    const auto atomic = btf_.structure("", 4, {{"counter", u32_, 0, 0}});
    const auto refcount = btf_.structure("refcount_struct", 4, {{"refs", atomic, 0, 0}});
    const auto load = btf_.structure("load_weight", 8, {{"weight", u64_, 0, 0}});
    const auto entity =
        btf_.structure("sched_entity", 16, {{"load", load, 0, 0}, {"vruntime", u64_, 64, 0}});
    const auto info = btf_.structure("sched_info", 8, {{"last_queued", u64_, 0, 0}});
    btf_.structure("task_struct", kTaskBytes,
                   {{"thread_info", thread_info, 0, 0},
                    {"__state", u32_, 64, 0},
                    {"exit_state", u32_, 96, 0},
                    {"flags", u32_, 128, 0},
                    {"usage", refcount, 160, 0},
                    {"on_cpu", u32_, 192, 0},
                    {"on_rq", u32_, 224, 0},
                    {"prio", u32_, 256, 0},
                    {"static_prio", u32_, 288, 0},
                    {"policy", u32_, 320, 0},
                    {"sched_class", pointer_, 384, 0},
                    {"se", entity, 448, 0},
                    {"sched_info", info, 960, 0},
                    {"tasks", list_, 1024, 0},
                    {"pid", u32_, 1152, 0},
                    {"tgid", u32_, 1184, 0},
                    {"start_boottime", u64_, 1216, 0},
                    {"comm", btf_.array(char_, u32_, 16), 1280, 0},
                    {"signal", pointer_, 1408, 0},
                    {"thread_node", list_, 1472, 0},
                    {"cgroups", pointer_, 1600, 0},
                    {"scx", scx_, 1664, 0}});
    btf_.structure("signal_struct", 16, {{"thread_head", list_, 0, 0}});
    btf_.structure("css_set", 8, {{"dfl_cgrp", pointer_, 0, 0}});
  }

  static constexpr std::uint32_t kTaskBytes = 280;

  BtfBuilder btf_;
  std::uint32_t u32_ = btf_.integer("unsigned int", 4);
  std::uint32_t u64_ = btf_.integer("long unsigned int", 8);
  std::uint32_t u8_ = btf_.integer("unsigned char", 1);
  std::uint32_t char_ = btf_.integer("char", 1);
  std::uint32_t pointer_ = btf_.pointer(0);
  std::uint32_t list_ =
      btf_.structure("list_head", 16, {{"next", pointer_, 0, 0}, {"prev", pointer_, 64, 0}});
  std::uint32_t queue_ = 0;
  std::uint32_t scx_ = 0;
};

} // namespace schedrig::test

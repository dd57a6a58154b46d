// SPDX-License-Identifier: MIT
// What our BPF schedulers take from the kernel: the members and functions that they use, no more.
// CO-RE finds each member where the running kernel has it; a function that a kernel may lack is
// weak and asked for before its use. Sources: struct sched_ext_ops, struct sched_ext_entity and the
// scx_bpf_* kfuncs of kernel/sched/ext.c and include/linux/sched/ext.h, Linux 6.12 to 7.3.
// The numbers are parts of a DSQ's id and of an exit's code, which have never moved.
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

typedef __u8 u8;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef __s64 s64;

#define SCX_DSQ_GLOBAL ((1ULL << 63) | 1)
#define SCX_DSQ_LOCAL ((1ULL << 63) | 2)
#define SCX_DSQ_LOCAL_ON (3ULL << 62)
#define SCX_SLICE_DFL 20000000ULL
#define SCX_ECODE_ACT_RESTART (1ULL << 48)
#define SCX_EXIT_DUMP_BYTES 32768 // the kernel's own default (exit_dump_len)

#define SCX_SLICE_INF (~0ULL)

enum scx_exit_kind { SCX_EXIT_NONE };
// A loader gives the running kernel's bits of the same names.
enum scx_ops_flags { SCX_OPS_ENQ_LAST = 1U << 1 };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct cpumask {
  unsigned long bits[1];
};

struct sched_ext_entity {
  u64 slice;
  u64 dsq_vtime;
  u32 weight;
  u32 flags;
};

struct task_struct {
  const struct cpumask* cpus_ptr;
  int nr_cpus_allowed;
  void* mm; // null: a kernel thread
  struct sched_ext_entity scx;
};

struct scx_exit_info {
  enum scx_exit_kind kind;
  s64 exit_code;
  const char* reason;
  char* msg;
  char* dump;
};

#pragma clang attribute pop

// The callbacks that our schedulers have, and their name; a loader finds each by its name.
struct sched_ext_ops {
  s32 (*select_cpu)(struct task_struct* p, s32 prev_cpu, u64 wake_flags);
  void (*enqueue)(struct task_struct* p, u64 enq_flags);
  void (*dispatch)(s32 cpu, struct task_struct* prev);
  void (*running)(struct task_struct* p);
  void (*stopping)(struct task_struct* p, _Bool runnable);
  void (*update_idle)(s32 cpu, _Bool idle);
  void (*enable)(struct task_struct* p);
  s32 (*init)(void);
  void (*exit)(struct scx_exit_info* info);
  u64 flags;
  char name[128];
};

s32 scx_bpf_create_dsq(u64 dsq, s32 node) __ksym;
s32 scx_bpf_select_cpu_dfl(struct task_struct* p, s32 prev_cpu, u64 wake_flags,
                           _Bool* is_idle) __ksym;
u32 scx_bpf_nr_cpu_ids(void) __ksym;
void scx_bpf_error_bstr(char* format, unsigned long long* data, u32 data__sz) __ksym;
void scx_bpf_exit_bstr(s64 code, char* format, unsigned long long* data, u32 data__sz) __ksym;
_Bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask* mask) __ksym;
void scx_bpf_kick_cpu(s32 cpu, u64 flags) __ksym;
s32 scx_bpf_dsq_nr_queued(u64 dsq) __ksym;

// The tasks of a DSQ in their order; the kernel's own size.
struct bpf_iter_scx_dsq {
  u64 opaque[6];
};
int bpf_iter_scx_dsq_new(struct bpf_iter_scx_dsq* it, u64 dsq, u64 flags) __ksym;
struct task_struct* bpf_iter_scx_dsq_next(struct bpf_iter_scx_dsq* it) __ksym;
void bpf_iter_scx_dsq_destroy(struct bpf_iter_scx_dsq* it) __ksym;

// The numbers of a range; a verifier looks at the loop once instead of at each turn. The suffix is
// for headers that have the type already.
struct bpf_iter_num___own {
  u64 opaque;
};
int bpf_iter_num_new(struct bpf_iter_num___own* it, int start, int end) __ksym;
int* bpf_iter_num_next(struct bpf_iter_num___own* it) __ksym;
void bpf_iter_num_destroy(struct bpf_iter_num___own* it) __ksym;

// Linux 6.13 renamed these.
void scx_bpf_dsq_insert(struct task_struct* p, u64 dsq, u64 slice, u64 flags) __ksym __weak;
void scx_bpf_dispatch(struct task_struct* p, u64 dsq, u64 slice, u64 flags) __ksym __weak;
void scx_bpf_dsq_insert_vtime(struct task_struct* p, u64 dsq, u64 slice, u64 vtime,
                              u64 flags) __ksym __weak;
void scx_bpf_dispatch_vtime(struct task_struct* p, u64 dsq, u64 slice, u64 vtime,
                            u64 flags) __ksym __weak;
_Bool scx_bpf_dsq_move_to_local(u64 dsq) __ksym __weak;
_Bool scx_bpf_consume(u64 dsq) __ksym __weak;
_Bool scx_bpf_dsq_move(struct bpf_iter_scx_dsq* it, struct task_struct* p, u64 dsq,
                       u64 flags) __ksym __weak;
_Bool scx_bpf_dispatch_from_dsq(struct bpf_iter_scx_dsq* it, struct task_struct* p, u64 dsq,
                                u64 flags) __ksym __weak;
// Since 6.19, beside a write to the task's own field.
_Bool scx_bpf_task_set_dsq_vtime(struct task_struct* p, u64 vtime) __ksym __weak;
_Bool scx_bpf_task_set_slice(struct task_struct* p, u64 slice) __ksym __weak;

#define KERNEL_HAS(function) (!!(function))

static inline void dsq_insert(struct task_struct* p, u64 dsq, u64 slice, u64 flags) {
  if (KERNEL_HAS(scx_bpf_dsq_insert)) {
    scx_bpf_dsq_insert(p, dsq, slice, flags);
  } else {
    scx_bpf_dispatch(p, dsq, slice, flags);
  }
}

static inline void dsq_insert_vtime(struct task_struct* p, u64 dsq, u64 slice, u64 vtime,
                                    u64 flags) {
  if (KERNEL_HAS(scx_bpf_dsq_insert_vtime)) {
    scx_bpf_dsq_insert_vtime(p, dsq, slice, vtime, flags);
  } else {
    scx_bpf_dispatch_vtime(p, dsq, slice, vtime, flags);
  }
}

static inline _Bool dsq_move_to_local(u64 dsq) {
  return KERNEL_HAS(scx_bpf_dsq_move_to_local) ? scx_bpf_dsq_move_to_local(dsq)
                                               : scx_bpf_consume(dsq);
}

static inline _Bool dsq_move(struct bpf_iter_scx_dsq* it, struct task_struct* p, u64 dsq,
                             u64 flags) {
  return KERNEL_HAS(scx_bpf_dsq_move) ? scx_bpf_dsq_move(it, p, dsq, flags)
                                      : scx_bpf_dispatch_from_dsq(it, p, dsq, flags);
}

static inline void set_slice(struct task_struct* p, u64 slice) {
  if (KERNEL_HAS(scx_bpf_task_set_slice)) {
    scx_bpf_task_set_slice(p, slice);
  } else {
    p->scx.slice = slice;
  }
}

static inline void set_dsq_vtime(struct task_struct* p, u64 vtime) {
  if (KERNEL_HAS(scx_bpf_task_set_dsq_vtime)) {
    scx_bpf_task_set_dsq_vtime(p, vtime);
  } else {
    p->scx.dsq_vtime = vtime;
  }
}

// Where loaders look for how a scheduler ended, by these names.
struct user_exit_info {
  s32 kind;
  s64 exit_code;
  char reason[128];
  char msg[1024];
};
struct user_exit_info uei SEC(".data");
char uei_dump[SCX_EXIT_DUMP_BYTES] SEC(".data.uei_dump");

// The kind comes last: who sees it finds the rest.
static inline void record_exit(struct scx_exit_info* info) {
  bpf_probe_read_kernel_str(uei.reason, sizeof(uei.reason), info->reason);
  bpf_probe_read_kernel_str(uei.msg, sizeof(uei.msg), info->msg);
  bpf_probe_read_kernel_str(uei_dump, sizeof(uei_dump), info->dump);
  uei.exit_code = info->exit_code;
  *(volatile s32*)&uei.kind = (s32)info->kind;
}

// MIT, or the GPL, which the kernel asks of everything that calls its scheduler.
char LICENSE[] SEC("license") = "Dual MIT/GPL";

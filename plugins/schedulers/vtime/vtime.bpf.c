// SPDX-License-Identifier: MIT
// Vtime: one shared queue, the task with the least virtual time first. Virtual time is CPU time
// divided by weight.
#include "plugins/schedulers/bpf/sched_ext.bpf.h"

#define SHARED_DSQ 0
#define NICE_0_WEIGHT 100

const volatile u64 slice_ns = SCX_SLICE_DFL;

// Of the task that was chosen last; never goes back but by a race that the next choice mends.
u64 vtime_now;
// For observers.
u64 nr_enqueued;
u64 nr_dispatched;

// Virtual times wrap.
static _Bool before(u64 a, u64 b) {
  return (s64)(a - b) < 0;
}

SEC("struct_ops/vtime_enqueue")
void BPF_PROG(vtime_enqueue, struct task_struct* p, u64 enq_flags) {
  // A sleeper may have saved one slice, no more.
  u64 vtime = p->scx.dsq_vtime;
  u64 earliest = vtime_now - slice_ns;
  if (before(vtime, earliest)) {
    vtime = earliest;
  }
  __sync_fetch_and_add(&nr_enqueued, 1);
  dsq_insert_vtime(p, SHARED_DSQ, slice_ns, vtime, enq_flags);
}

SEC("struct_ops/vtime_dispatch")
void BPF_PROG(vtime_dispatch, s32 cpu, struct task_struct* prev) {
  if (dsq_move_to_local(SHARED_DSQ)) {
    __sync_fetch_and_add(&nr_dispatched, 1);
  }
}

SEC("struct_ops/vtime_running")
void BPF_PROG(vtime_running, struct task_struct* p) {
  if (before(vtime_now, p->scx.dsq_vtime)) {
    vtime_now = p->scx.dsq_vtime;
  }
}

SEC("struct_ops/vtime_stopping")
void BPF_PROG(vtime_stopping, struct task_struct* p, _Bool runnable) {
  u64 left = p->scx.slice;
  u64 ran = left < slice_ns ? slice_ns - left : 0;
  u32 weight = p->scx.weight;
  set_dsq_vtime(p, p->scx.dsq_vtime + ran * NICE_0_WEIGHT / (weight == 0 ? 1 : weight));
}

SEC("struct_ops/vtime_enable")
void BPF_PROG(vtime_enable, struct task_struct* p) {
  set_dsq_vtime(p, vtime_now);
}

SEC("struct_ops.s/vtime_init")
s32 BPF_PROG(vtime_init) {
  return scx_bpf_create_dsq(SHARED_DSQ, -1);
}

SEC("struct_ops/vtime_exit")
void BPF_PROG(vtime_exit, struct scx_exit_info* info) {
  record_exit(info);
}

SEC(".struct_ops.link")
struct sched_ext_ops vtime_ops = {
    .enqueue = (void*)vtime_enqueue,
    .dispatch = (void*)vtime_dispatch,
    .running = (void*)vtime_running,
    .stopping = (void*)vtime_stopping,
    .enable = (void*)vtime_enable,
    .init = (void*)vtime_init,
    .exit = (void*)vtime_exit,
    .name = "vtime",
};

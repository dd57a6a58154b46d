// SPDX-License-Identifier: MIT
// Fifo: one shared queue, first come, first served.
#include "plugins/schedulers/bpf/sched_ext.bpf.h"

#define SHARED_DSQ 0

const volatile u64 slice_ns = SCX_SLICE_DFL;

// For observers.
u64 nr_enqueued;
u64 nr_dispatched;

SEC("struct_ops/fifo_enqueue")
void BPF_PROG(fifo_enqueue, struct task_struct* p, u64 enq_flags) {
  __sync_fetch_and_add(&nr_enqueued, 1);
  dsq_insert(p, SHARED_DSQ, slice_ns, enq_flags);
}

SEC("struct_ops/fifo_dispatch")
void BPF_PROG(fifo_dispatch, s32 cpu, struct task_struct* prev) {
  if (dsq_move_to_local(SHARED_DSQ)) {
    __sync_fetch_and_add(&nr_dispatched, 1);
  }
}

SEC("struct_ops.s/fifo_init")
s32 BPF_PROG(fifo_init) {
  return scx_bpf_create_dsq(SHARED_DSQ, -1);
}

SEC("struct_ops/fifo_exit")
void BPF_PROG(fifo_exit, struct scx_exit_info* info) {
  record_exit(info);
}

SEC(".struct_ops.link")
struct sched_ext_ops fifo_ops = {
    .enqueue = (void*)fifo_enqueue,
    .dispatch = (void*)fifo_dispatch,
    .init = (void*)fifo_init,
    .exit = (void*)fifo_exit,
    .name = "fifo",
};

// SPDX-License-Identifier: MIT
// Faulty: a FIFO scheduler that breaks one rule of sched_ext, once, some time after it was
// attached. Until then it is sound.
#include "plugins/schedulers/bpf/sched_ext.bpf.h"

#define SHARED_DSQ 0
#define NEVER_CREATED_DSQ 7
#define CLOCK_MONOTONIC 1
#define EINVAL 22
// Longer than a loader is given to end, and shorter than what the kernel takes for a soft lockup.
#define HANG_NS 13000000000ULL

enum fault {
  FAULT_NONE,
  FAULT_STALL,
  FAULT_DROP,
  FAULT_INSERT_TWICE,
  FAULT_BAD_CPU,
  FAULT_FORBIDDEN_CPU,
  FAULT_UNKNOWN_DSQ,
  FAULT_ERROR,
  FAULT_EXIT,
  FAULT_RESTART,
  FAULT_INIT,
  FAULT_HANG,
  FAULT_PINNED_LAST
};

const volatile enum fault fault = FAULT_NONE;
const volatile u64 after_ns = 1000000000;
const volatile u32 code = 0;
const volatile char message[128] = "asked to by its parameters";

u64 due_at_ns;
// For observers.
u64 nr_enqueued;
u32 committed;

struct due_timer {
  struct bpf_timer timer;
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct due_timer);
} timers SEC(".maps");

static _Bool due(enum fault which) {
  return fault == which && !committed && bpf_ktime_get_ns() >= due_at_ns;
}

static _Bool insert_outside_mask(struct task_struct* p, u64 enq_flags) {
  u32 cpus = scx_bpf_nr_cpu_ids();
  for (u32 cpu = 0; cpu < 512 && cpu < cpus; ++cpu) {
    if (!bpf_cpumask_test_cpu(cpu, p->cpus_ptr)) {
      dsq_insert(p, SCX_DSQ_LOCAL_ON | cpu, SCX_SLICE_DFL, enq_flags);
      return 1;
    }
  }
  return 0; // may use every CPU: the next one
}

// Whether the fault was committed on the task, which is then no longer to be enqueued.
static _Bool commit_on(struct task_struct* p, u64 enq_flags) {
  if (due(FAULT_DROP) && p->mm != 0) {
    committed = 1;
    return 1;
  }
  if (due(FAULT_INSERT_TWICE)) {
    dsq_insert(p, SHARED_DSQ, SCX_SLICE_DFL, enq_flags);
    dsq_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
    return 1;
  }
  if (due(FAULT_BAD_CPU)) {
    dsq_insert(p, SCX_DSQ_LOCAL_ON | scx_bpf_nr_cpu_ids(), SCX_SLICE_DFL, enq_flags);
    return 1;
  }
  if (due(FAULT_FORBIDDEN_CPU)) {
    return insert_outside_mask(p, enq_flags);
  }
  if (due(FAULT_UNKNOWN_DSQ)) {
    dsq_insert(p, NEVER_CREATED_DSQ, SCX_SLICE_DFL, enq_flags);
    return 1;
  }
  return 0;
}

// What ends the scheduler without a task's doing.
static int on_due(void* map, int* key, struct due_timer* timer) {
  char format[] = "%s";
  char text[sizeof(message)];
  unsigned long long words[1] = {(unsigned long)text};
  bpf_probe_read_kernel(text, sizeof(text), (const void*)message);
  if (fault == FAULT_ERROR) {
    scx_bpf_error_bstr(format, words, sizeof(words));
  } else if (fault == FAULT_EXIT) {
    scx_bpf_exit_bstr(code, format, words, sizeof(words));
  } else if (fault == FAULT_RESTART) {
    scx_bpf_exit_bstr(SCX_ECODE_ACT_RESTART | code, format, words, sizeof(words));
  }
  return 0;
}

SEC("struct_ops/faulty_select_cpu")
s32 BPF_PROG(faulty_select_cpu, struct task_struct* p, s32 prev_cpu, u64 wake_flags) {
  // From then on everything goes through enqueue, where the faults are.
  if (bpf_ktime_get_ns() >= due_at_ns) {
    return prev_cpu;
  }
  _Bool idle = 0;
  s32 cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &idle);
  if (idle) {
    dsq_insert(p, SCX_DSQ_LOCAL, SCX_SLICE_DFL, 0);
  }
  return cpu;
}

SEC("struct_ops/faulty_enqueue")
void BPF_PROG(faulty_enqueue, struct task_struct* p, u64 enq_flags) {
  __sync_fetch_and_add(&nr_enqueued, 1);
  // A CPU looks into the shared queue when its own is empty, which it is not as long as a task that
  // may go elsewhere comes back to it.
  if (due(FAULT_PINNED_LAST) && p->nr_cpus_allowed > 1) {
    dsq_insert(p, SCX_DSQ_LOCAL, SCX_SLICE_DFL, enq_flags);
    return;
  }
  if (!commit_on(p, enq_flags)) {
    dsq_insert(p, SHARED_DSQ, SCX_SLICE_DFL, enq_flags);
  }
}

SEC("struct_ops/faulty_dispatch")
void BPF_PROG(faulty_dispatch, s32 cpu, struct task_struct* prev) {
  if (!due(FAULT_STALL)) {
    dsq_move_to_local(SHARED_DSQ);
  }
}

SEC("struct_ops.s/faulty_init")
s32 BPF_PROG(faulty_init) {
  u32 zero = 0;
  if (fault == FAULT_INIT) {
    return -EINVAL;
  }
  struct due_timer* timer = bpf_map_lookup_elem(&timers, &zero);
  if (timer == 0) {
    return -EINVAL;
  }
  due_at_ns = bpf_ktime_get_ns() + after_ns;
  bpf_timer_init(&timer->timer, &timers, CLOCK_MONOTONIC);
  bpf_timer_set_callback(&timer->timer, on_due);
  bpf_timer_start(&timer->timer, after_ns, 0);
  return scx_bpf_create_dsq(SHARED_DSQ, -1);
}

static long look_at_clock(u32 index, u64* until_ns) {
  return bpf_ktime_get_ns() >= *until_ns;
}

static long wait_until(u32 index, u64* until_ns) {
  bpf_loop(1U << 23, look_at_clock, until_ns, 0); // the most that one loop may turn
  return bpf_ktime_get_ns() >= *until_ns;
}

SEC("struct_ops/faulty_exit")
void BPF_PROG(faulty_exit, struct scx_exit_info* info) {
  record_exit(info);
  if (fault == FAULT_HANG) {
    u64 until_ns = bpf_ktime_get_ns() + HANG_NS;
    bpf_loop(1U << 10, wait_until, &until_ns, 0);
  }
}

SEC(".struct_ops.link")
struct sched_ext_ops faulty_ops = {
    .select_cpu = (void*)faulty_select_cpu,
    .enqueue = (void*)faulty_enqueue,
    .dispatch = (void*)faulty_dispatch,
    .init = (void*)faulty_init,
    .exit = (void*)faulty_exit,
    .name = "faulty",
};

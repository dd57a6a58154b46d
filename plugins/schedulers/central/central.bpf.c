// SPDX-License-Identifier: MIT
// Central: one CPU decides for all, as policy.hpp beside this describes it.
#include "plugins/schedulers/bpf/sched_ext.bpf.h"

#define SHARED_DSQ 0
#define CLOCK_MONOTONIC 1
#define EINVAL 22
#define MAX_CPUS 512
#define TIMER_NS 1000000 // how late a turn may end

const volatile u32 central_cpu = 0;
const volatile u64 slice_ns = SCX_SLICE_DFL;
// The running kernel's numbers, which a loader fills in.
const volatile u64 __SCX_KICK_IDLE = 1U << 0;
const volatile u64 __SCX_KICK_PREEMPT = 1U << 1;
const volatile u64 __SCX_ENQ_WAKEUP = 1U << 0;
const volatile u64 __SCX_TASK_QUEUED = 1U << 0;

struct cpu_state {
  _Bool needs_task;
  _Bool busy;
  u64 since_ns; // its task runs
};
struct cpu_state cpus[MAX_CPUS];
// For observers.
u64 nr_enqueued;
u64 nr_dispatched;

struct turn_timer {
  struct bpf_timer timer;
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct turn_timer);
} timers SEC(".maps");

// The verifier wants the very register compared that is the index.
static struct cpu_state* state_of(u32 cpu) {
  u64 index = cpu;
  barrier_var(index);
  return index < MAX_CPUS ? &cpus[index] : 0;
}

static _Bool turn_is_over(const struct cpu_state* cpu) {
  return bpf_ktime_get_ns() - cpu->since_ns >= slice_ns;
}

// A CPU that needs a task and that this one may use; -1: there is none.
static s32 find_cpu_for(struct task_struct* p) {
  struct bpf_iter_num___own it;
  s32 found = -1;
  int* cpu;
  bpf_iter_num_new(&it, 0, (int)scx_bpf_nr_cpu_ids());
  while (found < 0 && (cpu = bpf_iter_num_next(&it)) != 0) {
    const struct cpu_state* state = state_of((u32)*cpu);
    if (state != 0 && state->needs_task && bpf_cpumask_test_cpu((u32)*cpu, p->cpus_ptr)) {
      found = *cpu;
    }
  }
  bpf_iter_num_destroy(&it);
  return found;
}

static void give_out_tasks(void) {
  struct bpf_iter_scx_dsq it;
  struct task_struct* p;
  if (bpf_iter_scx_dsq_new(&it, SHARED_DSQ, 0) == 0) {
    while ((p = bpf_iter_scx_dsq_next(&it)) != 0) {
      s32 cpu = find_cpu_for(p);
      if (cpu >= 0 && dsq_move(&it, p, SCX_DSQ_LOCAL_ON | (u32)cpu, 0)) {
        struct cpu_state* state = state_of((u32)cpu);
        if (state != 0) {
          state->needs_task = 0;
        }
        __sync_fetch_and_add(&nr_dispatched, 1);
        scx_bpf_kick_cpu(cpu, __SCX_KICK_IDLE);
      }
    }
  }
  bpf_iter_scx_dsq_destroy(&it);
}

// Wake-ups go to the central CPU where they may: it has to look at them anyway.
SEC("struct_ops/central_select_cpu")
s32 BPF_PROG(central_select_cpu, struct task_struct* p, s32 prev_cpu, u64 wake_flags) {
  return bpf_cpumask_test_cpu(central_cpu, p->cpus_ptr) ? (s32)central_cpu : prev_cpu;
}

SEC("struct_ops/central_enqueue")
void BPF_PROG(central_enqueue, struct task_struct* p, u64 enq_flags) {
  __sync_fetch_and_add(&nr_enqueued, 1);
  dsq_insert(p, SHARED_DSQ, SCX_SLICE_INF, enq_flags);
  // Only what woke up is worth the central CPU's turn: its own task comes here, too, when a kick
  // ends that turn.
  scx_bpf_kick_cpu((s32)central_cpu,
                   (enq_flags & __SCX_ENQ_WAKEUP) != 0 ? __SCX_KICK_PREEMPT : __SCX_KICK_IDLE);
}

SEC("struct_ops/central_dispatch")
void BPF_PROG(central_dispatch, s32 cpu, struct task_struct* prev) {
  struct cpu_state* asking = state_of((u32)cpu);
  if (asking == 0) {
    return;
  }
  asking->needs_task = 1;
  if ((u32)cpu != central_cpu) {
    scx_bpf_kick_cpu((s32)central_cpu, __SCX_KICK_PREEMPT);
    return;
  }
  // A kick for the others' sake does not end the turn of the central CPU's own task.
  if (prev != 0 && (prev->scx.flags & __SCX_TASK_QUEUED) != 0 && !turn_is_over(asking)) {
    set_slice(prev, SCX_SLICE_INF);
    asking->needs_task = 0;
  }
  give_out_tasks();
}

SEC("struct_ops/central_running")
void BPF_PROG(central_running, struct task_struct* p) {
  struct cpu_state* cpu = state_of(bpf_get_smp_processor_id());
  if (cpu != 0) {
    cpu->needs_task = 0;
    cpu->busy = 1;
    cpu->since_ns = bpf_ktime_get_ns();
  }
}

SEC("struct_ops/central_stopping")
void BPF_PROG(central_stopping, struct task_struct* p, _Bool runnable) {
  struct cpu_state* cpu = state_of(bpf_get_smp_processor_id());
  if (cpu != 0) {
    cpu->busy = 0;
  }
}

SEC("struct_ops/central_update_idle")
void BPF_PROG(central_update_idle, s32 cpu, _Bool idle) {
  struct cpu_state* state = state_of((u32)cpu);
  if (state != 0) {
    state->needs_task = idle;
  }
}

static int end_turns(void* map, int* key, struct turn_timer* timer) {
  bpf_timer_start(&timer->timer, TIMER_NS, 0);
  if (scx_bpf_dsq_nr_queued(SHARED_DSQ) <= 0) {
    return 0;
  }
  scx_bpf_kick_cpu((s32)central_cpu, __SCX_KICK_IDLE);
  struct bpf_iter_num___own it;
  int* cpu;
  bpf_iter_num_new(&it, 0, (int)scx_bpf_nr_cpu_ids());
  while ((cpu = bpf_iter_num_next(&it)) != 0) {
    const struct cpu_state* state = state_of((u32)*cpu);
    if (state != 0 && state->busy && turn_is_over(state)) {
      scx_bpf_kick_cpu(*cpu, __SCX_KICK_PREEMPT);
    }
  }
  bpf_iter_num_destroy(&it);
  return 0;
}

SEC("struct_ops.s/central_init")
s32 BPF_PROG(central_init) {
  u32 zero = 0;
  struct turn_timer* timer = bpf_map_lookup_elem(&timers, &zero);
  u32 nr = scx_bpf_nr_cpu_ids();
  if (timer == 0 || nr > MAX_CPUS) {
    return -EINVAL;
  }
  if (central_cpu >= nr) {
    char format[] = "cpu = %u does not exist";
    unsigned long long words[1] = {central_cpu};
    scx_bpf_error_bstr(format, words, sizeof(words));
    return -EINVAL;
  }
  bpf_timer_init(&timer->timer, &timers, CLOCK_MONOTONIC);
  bpf_timer_set_callback(&timer->timer, end_turns);
  bpf_timer_start(&timer->timer, TIMER_NS, 0);
  return scx_bpf_create_dsq(SHARED_DSQ, -1);
}

SEC("struct_ops/central_exit")
void BPF_PROG(central_exit, struct scx_exit_info* info) {
  record_exit(info);
}

// A number in the operations leaves no name in the object's BTF. By this one a loader finds the
// running kernel's bit.
const volatile enum scx_ops_flags __flags = SCX_OPS_ENQ_LAST;

SEC(".struct_ops.link")
struct sched_ext_ops central_ops = {
    .select_cpu = (void*)central_select_cpu,
    .enqueue = (void*)central_enqueue,
    .dispatch = (void*)central_dispatch,
    .running = (void*)central_running,
    .stopping = (void*)central_stopping,
    .update_idle = (void*)central_update_idle,
    .init = (void*)central_init,
    .exit = (void*)central_exit,
    .flags = SCX_OPS_ENQ_LAST,
    .name = "central",
};

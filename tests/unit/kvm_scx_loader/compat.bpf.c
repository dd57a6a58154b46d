// SPDX-License-Identifier: MIT
// What objects of the field do to fit several kernels; it is looked at and never loaded.
#include "plugins/schedulers/bpf/sched_ext.bpf.h"

// As newer headers ask for the running kernel's numbers.
const volatile u64 __SCX_DSQ_LOCAL_ON __attribute__((weak));
const volatile u64 __SCX_ENQ_HEAD __attribute__((weak));
const volatile u64 __SCX_OPS_ENQ_LAST __attribute__((weak));
const volatile u64 __SCX_NOWHERE __attribute__((weak));
const volatile u64 __OTHER_ENQ_HEAD __attribute__((weak));
const volatile u32 __SCX_SMALL __attribute__((weak));

void scx_bpf_insert(struct task_struct* p, u64 dsq) __ksym __weak;
_Bool scx_bpf_insert___v2(struct task_struct* p, u64 dsq) __ksym __weak;
_Bool scx_bpf_insert___v2___compat(struct task_struct* p, u64 dsq) __ksym __weak;
void scx_bpf_insert___v1(struct task_struct* p, u64 dsq) __ksym __weak;
void scx_bpf_kick(s32 cpu) __ksym;

SEC("struct_ops/enqueue")
int enqueue(void* context) {
  if (scx_bpf_insert___v2) {
    scx_bpf_insert___v2(context, __SCX_DSQ_LOCAL_ON | __SCX_ENQ_HEAD | __SCX_OPS_ENQ_LAST);
  } else if (scx_bpf_insert___v2___compat) {
    scx_bpf_insert___v2___compat(context, __SCX_NOWHERE | __OTHER_ENQ_HEAD);
  } else if (scx_bpf_insert___v1) {
    scx_bpf_insert___v1(context, __SCX_SMALL);
  } else if (scx_bpf_insert) {
    scx_bpf_insert(context, 0);
  }
  scx_bpf_kick(0);
  return 0;
}

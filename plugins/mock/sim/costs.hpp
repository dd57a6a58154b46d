// SPDX-License-Identifier: MIT
// What things cost on the simulated machine: every modelled duration, in nanoseconds, with its
// reason. They make results plausible for a current x86-64 server, not exact for any one machine.
#pragma once

#include <cstdint>

namespace schedrig::mock {

using Nanos = std::int64_t;

// CONFIG_HZ=250 of Debian's amd64 kernels.
inline constexpr Nanos kTickNs = 4'000'000;
// The timer interrupt with scheduler_tick(): about a microsecond of lost user time.
inline constexpr Nanos kTickCostNs = 1'000;
// A switch between two processes: lmbench's lat_ctx for two small processes says 1 to 2 us.
inline constexpr Nanos kContextSwitchNs = 1'500;
// A reschedule interrupt to another CPU of the machine, send to entry.
inline constexpr Nanos kIpiNs = 1'000;
// scx_bpf_kick_cpu() goes through irq_work, also for the calling CPU.
inline constexpr Nanos kIrqWorkNs = 500;
// Leaving the idle loop: the exit latency that intel_idle states for C1.
inline constexpr Nanos kIdleExitNs = 2'000;
// A short system call: a one-byte pipe read or write, sched_yield(2), arming a timer.
inline constexpr Nanos kSyscallNs = 300;
// One unit of work, kSpinUnit dependent steps: a step is an integer multiply, 3 cycles of latency,
// at 3 GHz.
inline constexpr Nanos kUnitNs = 1'024;
// PR_SET_TIMERSLACK(2const): normal threads start with 50 us; a sleep ends within that after its
// deadline.
inline constexpr Nanos kTimerSlackNs = 50'000;
// open, write, close of a cgroup file by the agent.
inline constexpr Nanos kFileOpNs = 5'000;
// fork(2) of a small process, and what the child does until it waits for its start.
inline constexpr Nanos kForkNs = 60'000;
inline constexpr Nanos kChildSetupNs = 40'000;
// The parent's share of the fork of a small process, and wait4(2) of a dead child: release_task().
inline constexpr Nanos kReapNs = 10'000;
// sched_setaffinity(2), sched_setscheduler(2), setpriority(2): the run queue's lock, off and on.
inline constexpr Nanos kSetSchedNs = 1'000;
// A minor fault: entry, a zeroed page, the page table (lmbench's lat_pagefault and clear_page), and
// giving a page back.
inline constexpr Nanos kMinorFaultNs = 700;
inline constexpr Nanos kFreePageNs = 100;
// Copying a page into the page cache: 4 KiB at some 10 GB/s and the look-up.
inline constexpr Nanos kWritePageNs = 600;
// Read, modify, write of one word: some 6 cycles from L1; from the last-level cache, streaming,
// some 15.
inline constexpr Nanos kCacheTouchNs = 2;
inline constexpr Nanos kLlcTouchNs = 5;
// Fetching back a line of a working set: from the LLC, and from memory when the LLC is another one.
inline constexpr Nanos kLlcRefillNs = 10;
inline constexpr Nanos kMemoryRefillNs = 30;
// L2 of a current server core; a working set beyond it is never private.
inline constexpr std::uint64_t kPrivateCacheBytes = 1ULL << 20U;
inline constexpr std::uint64_t kCacheLineBytes = 64;
inline constexpr std::uint64_t kPageBytes = 4096;
// Scalar multiply and add, one per 4-cycle chain step, four chains: a third of a nanosecond.
inline constexpr Nanos kMultiplyAddsPerNs = 3;

// One call of ops.dispatch that found nothing to run; only charged when a policy loops.
inline constexpr Nanos kDispatchLoopNs = 1'000;

// A scheduler's loader from fork to an attached scheduler: exec, BPF load and verification of a
// small object take some tens of milliseconds. Taking one off waits for tasks to switch and for
// RCU.
inline constexpr Nanos kAttachNs = 20'000'000;
inline constexpr Nanos kDetachNs = 5'000'000;

// kernel/sched/ext.c, Linux 6.18: SCX_DSP_MAX_LOOPS, SCX_DSP_DFL_MAX_BATCH,
// SCX_WATCHDOG_MAX_TIMEOUT.
inline constexpr std::uint32_t kDispatchMaxLoops = 32;
inline constexpr std::uint32_t kDispatchMaxBatch = 32;
inline constexpr Nanos kWatchdogTimeoutNs = 30'000'000'000;
// Soft lockups are reported after 2 x watchdog_thresh (kernel/watchdog.c), which sched_ext takes
// as an error of the scheduler (scx_softlockup()).
inline constexpr Nanos kSoftLockupNs = 20'000'000'000;

} // namespace schedrig::mock

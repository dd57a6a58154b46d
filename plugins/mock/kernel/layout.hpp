// SPDX-License-Identifier: MIT
// Where the simulated kernel's code and variables lie, in bytes from _text, and what they are
// called. Addresses are the linker's; KASLR moves all of them by one distance. Thread: any.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <schedrig/topology.hpp>

namespace schedrig::mock::layout {

inline constexpr std::uint64_t kKernelMap = 0xffff'ffff'8000'0000; // __START_KERNEL_map
inline constexpr std::uint64_t kText = 0xffff'ffff'8100'0000;      // CONFIG_PHYSICAL_START 16 MiB
inline constexpr std::uint64_t kImageBytes = 2ULL << 20U;          // mapped by one page
inline constexpr std::uint64_t kPageBytes = 4096;
inline constexpr std::uint64_t kStackBytes = 4 * kPageBytes; // THREAD_SIZE

inline constexpr std::uint64_t kFunctionBytes = 0x100;
inline constexpr std::uint64_t kFunctions = 0x1000;
inline constexpr std::uint64_t kEndOfText = 0x8000;
inline constexpr std::uint64_t kBanner = 0x10000;
inline constexpr std::uint64_t kFairClass = 0x11000;
inline constexpr std::uint64_t kExtClass = 0x11100;
inline constexpr std::uint64_t kIdleClass = 0x11200;
inline constexpr std::uint64_t kPhysBase = 0x20000;
inline constexpr std::uint64_t kPageOffsetBase = 0x20008;
inline constexpr std::uint64_t kNrCpuIds = 0x20010;
inline constexpr std::uint64_t kPanicOnWarn = 0x20014;
inline constexpr std::uint64_t kVmallocBase = 0x20018;
inline constexpr std::uint64_t kNrNodeIds = 0x20020;
inline constexpr std::uint64_t kScxRoot = 0x20028;
inline constexpr std::uint64_t kJiffies = 0x20080;
inline constexpr std::uint64_t kMapIdr = 0x20400;
inline constexpr std::uint64_t kProgIdr = 0x20480;
inline constexpr std::uint64_t kCgroupRoot = 0x20500;
inline constexpr std::uint64_t kInitTask = 0x20800;
inline constexpr std::uint64_t kPerCpuOffsets = 0x24000; // one of 8 bytes for each CPU
inline constexpr std::uint64_t kPageTables = 0x30000;
inline constexpr std::uint64_t kPerCpu = 0x40000; // the template: each CPU has a copy
inline constexpr std::uint64_t kRunqueues = 0x40100;
inline constexpr std::uint64_t kCpustat = 0x40400;
inline constexpr std::uint64_t kScxPcpu = 0x40600; // allocated in a kernel: it has no name
inline constexpr std::uint64_t kPerCpuBytes = 0x1000;

static_assert(kPerCpuOffsets + 8 * kMaxCpus <= kPageTables);

// What a CPU can be found in: the idle loop, the switch between tasks, the way in from user mode,
// and what writes to the words that the simulation keeps.
enum class Function : std::uint8_t {
  kStart, // _stext
  kEntrySyscall,
  kDefaultIdle,
  kDoIdle,
  kCpuStartupEntry,
  kSchedule,
  kInnerSchedule,
  kUpdateRqClock,
  kActivateTask,
  kDeactivateTask,
  kTryToWakeUp,
  kSchedTick,
  kUpdateProcessTimes,
  kTimerInterrupt,
  kUpdateJiffies,
};
inline constexpr std::array<std::string_view, 15> kFunctionNames = {"_stext",
                                                                    "entry_SYSCALL_64",
                                                                    "default_idle",
                                                                    "do_idle",
                                                                    "cpu_startup_entry",
                                                                    "schedule",
                                                                    "__schedule",
                                                                    "update_rq_clock",
                                                                    "activate_task",
                                                                    "deactivate_task",
                                                                    "try_to_wake_up",
                                                                    "sched_tick",
                                                                    "update_process_times",
                                                                    "hrtimer_interrupt",
                                                                    "tick_do_update_jiffies64"};
static_assert(kFunctions + kFunctionNames.size() * kFunctionBytes <= kEndOfText);

[[nodiscard]] constexpr std::uint64_t place_of(Function function) {
  return kFunctions + static_cast<std::uint64_t>(function) * kFunctionBytes;
}

struct Symbol {
  std::string_view name;
  std::uint64_t at = 0;
  bool is_code = false;
};
inline constexpr std::array kSymbols = {
    Symbol{"_text", 0, true},
    Symbol{"_etext", kEndOfText, true},
    Symbol{"linux_banner", kBanner},
    Symbol{"fair_sched_class", kFairClass},
    Symbol{"ext_sched_class", kExtClass},
    Symbol{"idle_sched_class", kIdleClass},
    Symbol{"phys_base", kPhysBase},
    Symbol{"page_offset_base", kPageOffsetBase},
    Symbol{"vmalloc_base", kVmallocBase},
    Symbol{"nr_cpu_ids", kNrCpuIds},
    Symbol{"nr_node_ids", kNrNodeIds},
    Symbol{"scx_root", kScxRoot},
    Symbol{"panic_on_warn", kPanicOnWarn},
    Symbol{"jiffies_64", kJiffies},
    Symbol{"jiffies", kJiffies},
    Symbol{"map_idr", kMapIdr},
    Symbol{"prog_idr", kProgIdr},
    Symbol{"cgrp_dfl_root", kCgroupRoot},
    Symbol{"init_task", kInitTask},
    Symbol{"__per_cpu_offset", kPerCpuOffsets},
    Symbol{"init_top_pgt", kPageTables},
    Symbol{"__per_cpu_start", kPerCpu},
    Symbol{"runqueues", kRunqueues},
    Symbol{"kernel_cpustat", kCpustat},
    Symbol{"__per_cpu_end", kPerCpu + kPerCpuBytes},
};

} // namespace schedrig::mock::layout

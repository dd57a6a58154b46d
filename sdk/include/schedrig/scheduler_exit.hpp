// SPDX-License-Identifier: MIT
// How a sched_ext scheduler ends: kinds, codes and what it leaves behind (enum scx_exit_kind,
// enum scx_exit_code and struct scx_exit_info of kernel/sched/ext_internal.h, scx_exit_reason() of
// kernel/sched/ext.c, Linux 6.18). Thread: any.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace schedrig {

inline constexpr std::int64_t kExitUnreg = 64;        // detached: by its loader, or by an op
inline constexpr std::int64_t kExitUnregBpf = 65;     // by scx_bpf_exit()
inline constexpr std::int64_t kExitUnregKern = 66;    // by the kernel, as after a CPU hotplug
inline constexpr std::int64_t kExitSysrq = 67;        // by sysrq-S
inline constexpr std::int64_t kExitError = 1024;      // it broke a rule
inline constexpr std::int64_t kExitErrorBpf = 1025;   // by scx_bpf_error()
inline constexpr std::int64_t kExitErrorStall = 1026; // the watchdog: a runnable task did not run

// SCX_ECODE_ACT_RESTART: the action of an exit code that asks for the scheduler to be started anew.
inline constexpr std::int64_t kExitCodeRestart = 1LL << 48;

struct ExitKindInfo {
  std::int64_t kind = 0;
  std::string_view word;   // as spelled in a scenario's expect_exit
  std::string_view name;   // the kernel's
  std::string_view reason; // what the kernel says
};

inline constexpr std::array<ExitKindInfo, 7> kExitKinds = {{
    {kExitUnreg, "unreg", "SCX_EXIT_UNREG", "unregistered from user space"},
    {kExitUnregBpf, "unreg_bpf", "SCX_EXIT_UNREG_BPF", "unregistered from BPF"},
    {kExitUnregKern, "unreg_kern", "SCX_EXIT_UNREG_KERN", "unregistered from the main kernel"},
    {kExitSysrq, "sysrq", "SCX_EXIT_SYSRQ", "disabled by sysrq-S"},
    {kExitError, "error", "SCX_EXIT_ERROR", "runtime error"},
    {kExitErrorBpf, "error_bpf", "SCX_EXIT_ERROR_BPF", "scx_bpf_error"},
    {kExitErrorStall, "error_stall", "SCX_EXIT_ERROR_STALL", "runnable task stall"},
}};

// The entry of a kind; one with the word "unknown" for a kind of another kernel.
[[nodiscard]] constexpr ExitKindInfo exit_kind_info(std::int64_t kind) noexcept {
  for (const ExitKindInfo& info : kExitKinds) {
    if (info.kind == kind) {
      return info;
    }
  }
  return {kind, "unknown", "SCX_EXIT_?", "of a kind that is not known"};
}

// What is known of an exit. Views are valid during the call that they are passed to.
struct SchedulerExit {
  std::uint32_t size = sizeof(SchedulerExit);
  std::int32_t pid = 0; // of the task that the exit is about; 0: about none
  std::int64_t kind = 0;
  std::int64_t code = 0;
  std::int64_t at_ns = 0;
  std::int64_t runnable_since_ns = -1; // since when that task has waited; -1: it does not wait
  std::string_view scheduler;          // as attached
  std::string_view reason;
  std::string_view message; // the kernel's or the scheduler's own
  std::string_view help;    // what its author can do about it; may be empty
  std::string_view task;    // that task's comm
  std::string_view log;     // last lines that the scheduler printed, separated by newlines
  std::string_view dump;    // the machine's scheduling state at the exit, in lines
};

} // namespace schedrig

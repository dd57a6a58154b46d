// SPDX-License-Identifier: MIT
// KernelLog: what the kernel under test complains about on its console, told apart by its own
// words. Fed line by line; knows no machine. Thread: host thread. Owned values.
//
// The words are those of Linux 6.12 to 7.3: kernel/panic.c, lib/bug.c, arch/x86/kernel/dumpstack.c,
// arch/x86/mm/fault.c, kernel/watchdog.c, kernel/rcu/tree_stall.h, kernel/hung_task.c,
// mm/oom_kill.c, kernel/locking/lockdep.c, mm/kasan/report.c, mm/kfence/report.c, lib/ubsan.c.
// Console text is the guest's: what a program there writes to /dev/kmsg looks the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace schedrig::engine {

enum class ComplaintKind : std::uint32_t {
  kPanic = 0,
  kOops, // of the kernel itself, not of a program
  kBug,
  kWarning,
  kLockdep,
  kSanitizer, // KASAN, KCSAN, KFENCE, UBSAN
  kRcuStall,
  kLockup, // soft or hard
  kHungTask,
  kOutOfMemory,
  kCgroupOutOfMemory, // a memory.max at work: reported, no fault of the kernel's
};

struct KernelComplaint {
  ComplaintKind kind = ComplaintKind::kWarning;
  std::int64_t at_ns = 0;         // when its first line came, machine clock
  std::string text;               // first line, without the kernel's time stamp
  std::vector<std::string> lines; // that followed: registers, stack
};

// Nothing for an ordinary line. `line` may carry the kernel's "[   12.345678] " stamps.
[[nodiscard]] std::optional<ComplaintKind> classify_kernel_line(std::string_view line) noexcept;
[[nodiscard]] std::string_view without_time_stamp(std::string_view line) noexcept;

// "WARN", "RCU stall": what people call it.
[[nodiscard]] std::string_view to_string(ComplaintKind kind) noexcept;

// The kernel cannot go on after it, or what it does from then on means nothing.
[[nodiscard]] bool ends_a_run(ComplaintKind kind) noexcept;
// Whether the check kernel_log fails.
[[nodiscard]] bool is_fault(ComplaintKind kind) noexcept;

class KernelLog {
 public:
  // A kernel that warns in a loop must not fill the host's memory; the count goes on.
  static constexpr std::size_t kMostComplaints = 32;
  static constexpr std::size_t kMostLines = 60; // an oops with its registers and stack
  // A report is printed in one go; what comes later is something else, but for a panic's: a kernel
  // that has panicked prints nothing else.
  static constexpr std::int64_t kReportNs = 1'000'000'000;

  // The complaint that the line begins, without what will follow; kept or not.
  std::optional<KernelComplaint> feed(std::int64_t at_ns, std::string_view line);

  [[nodiscard]] const std::vector<KernelComplaint>& complaints() const { return complaints_; }
  // The first that is_fault(), kept among the complaints or not; without the lines that followed.
  [[nodiscard]] const std::optional<KernelComplaint>& first_fault() const { return first_fault_; }
  [[nodiscard]] std::uint64_t complaint_count() const { return count_; } // kept or not
  [[nodiscard]] bool heard_anything() const { return heard_; }           // a machine with a console

 private:
  [[nodiscard]] bool begins_complaint(ComplaintKind kind) const;

  std::vector<KernelComplaint> complaints_;
  std::optional<KernelComplaint> first_fault_;
  std::uint64_t count_ = 0;
  bool heard_ = false;
  bool collecting_ = false; // lines belong to the last complaint
};

} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
// The kernel's words, most specific first.
#include "host/engine/kernel_log.hpp"

#include <algorithm>
#include <array>

namespace schedrig::engine {
namespace {

struct Words {
  std::string_view text;
  ComplaintKind kind;
  bool at_start = false; // else anywhere in the line
};

constexpr std::array kWords = {
    Words{"Kernel panic - not syncing", ComplaintKind::kPanic},
    Words{"BUG: KASAN:", ComplaintKind::kSanitizer},
    Words{"BUG: KCSAN:", ComplaintKind::kSanitizer},
    Words{"BUG: KFENCE:", ComplaintKind::kSanitizer},
    Words{"UBSAN: ", ComplaintKind::kSanitizer, true},
    Words{"BUG: soft lockup", ComplaintKind::kLockup},
    Words{"BUG: workqueue lockup", ComplaintKind::kLockup},
    Words{"Watchdog detected hard LOCKUP", ComplaintKind::kLockup},
    Words{"BUG: unable to handle", ComplaintKind::kOops},
    Words{"BUG: kernel NULL pointer dereference", ComplaintKind::kOops},
    Words{"Oops: ", ComplaintKind::kOops, true},
    Words{"kernel BUG at", ComplaintKind::kBug},
    Words{"BUG: MAX_LOCK", ComplaintKind::kLockdep},
    Words{"BUG: ", ComplaintKind::kBug, true},
    Words{"WARNING: possible circular locking", ComplaintKind::kLockdep, true},
    Words{"WARNING: possible recursive locking", ComplaintKind::kLockdep, true},
    Words{"WARNING: possible irq lock inversion", ComplaintKind::kLockdep, true},
    Words{"WARNING: inconsistent lock state", ComplaintKind::kLockdep, true},
    Words{"WARNING: bad unlock balance", ComplaintKind::kLockdep, true},
    Words{"WARNING: suspicious RCU usage", ComplaintKind::kLockdep, true},
    Words{"WARNING: held lock freed", ComplaintKind::kLockdep, true},
    Words{"WARNING: Nested lock was not taken", ComplaintKind::kLockdep, true},
    Words{"WARNING: ", ComplaintKind::kWarning, true},
    Words{"detected stalls on CPUs/tasks", ComplaintKind::kRcuStall},
    Words{"self-detected stall on CPU", ComplaintKind::kRcuStall},
    Words{"detected expedited stalls", ComplaintKind::kRcuStall},
    Words{"Memory cgroup out of memory: Killed process", ComplaintKind::kCgroupOutOfMemory},
    Words{"Out of memory: Killed process", ComplaintKind::kOutOfMemory},
};

constexpr std::string_view kHungTask = "INFO: task ";
constexpr std::string_view kHungFor = " for more than ";

// "WARNING: See https://docs.kernel.org/...": advice about the CPU's known flaws.
constexpr std::string_view kAdvice = "WARNING: See ";

// After this line of a report nothing of it follows.
constexpr std::string_view kEndOfTrace = "---[ end ";

// Length of a bracketed stamp and the blanks behind it: "[   12.345678] ", "[    T1] ", "[   C0] ".
std::size_t stamp_length(std::string_view line) noexcept {
  constexpr std::string_view kInside = "0123456789. TC";
  if (line.empty() || line.front() != '[') {
    return 0;
  }
  const std::size_t end = line.find(']');
  if (end == std::string_view::npos || end < 2 ||
      line.substr(1, end - 1).find_first_not_of(kInside) != std::string_view::npos) {
    return 0;
  }
  const std::size_t text = line.find_first_not_of(' ', end + 1);
  return text == std::string_view::npos ? line.size() : text;
}

} // namespace

std::string_view without_time_stamp(std::string_view line) noexcept {
  // "<4>" stands before it where the console shows levels.
  if (line.size() > 2 && line[0] == '<' && line[2] == '>') {
    line.remove_prefix(3);
  }
  while (const std::size_t length = stamp_length(line)) {
    line.remove_prefix(length);
  }
  return line;
}

std::optional<ComplaintKind> classify_kernel_line(std::string_view line) noexcept {
  const std::string_view text = without_time_stamp(line);
  if (text.starts_with(kAdvice)) {
    return std::nullopt;
  }
  if (text.starts_with(kHungTask) && text.find(kHungFor) != std::string_view::npos) {
    return ComplaintKind::kHungTask;
  }
  const auto* const found = std::ranges::find_if(kWords, [text](const Words& words) {
    return words.at_start ? text.starts_with(words.text)
                          : text.find(words.text) != std::string_view::npos;
  });
  return found == kWords.end() ? std::nullopt : std::optional(found->kind);
}

std::string_view to_string(ComplaintKind kind) noexcept {
  switch (kind) {
  case ComplaintKind::kPanic:
    return "panic";
  case ComplaintKind::kOops:
    return "oops";
  case ComplaintKind::kBug:
    return "BUG";
  case ComplaintKind::kWarning:
    return "WARN";
  case ComplaintKind::kLockdep:
    return "lockdep";
  case ComplaintKind::kSanitizer:
    return "sanitizer";
  case ComplaintKind::kRcuStall:
    return "RCU stall";
  case ComplaintKind::kLockup:
    return "lockup";
  case ComplaintKind::kHungTask:
    return "hung task";
  case ComplaintKind::kOutOfMemory:
    return "out of memory";
  case ComplaintKind::kCgroupOutOfMemory:
    return "cgroup out of memory";
  }
  return "complaint";
}

bool ends_a_run(ComplaintKind kind) noexcept {
  return kind == ComplaintKind::kPanic || kind == ComplaintKind::kOops ||
         kind == ComplaintKind::kBug;
}

bool is_fault(ComplaintKind kind) noexcept {
  return kind != ComplaintKind::kCgroupOutOfMemory;
}

// An oops says several of the words: they are one complaint. A panic stands for itself, and a
// warning does not hide the oops behind it.
bool KernelLog::begins_complaint(ComplaintKind kind) const {
  return !collecting_ || kind == ComplaintKind::kPanic ||
         (ends_a_run(kind) && !ends_a_run(complaints_.back().kind));
}

std::optional<KernelComplaint> KernelLog::feed(std::int64_t at_ns, std::string_view line) {
  heard_ = true;
  const std::string_view text = without_time_stamp(line);
  const auto kind = classify_kernel_line(line);
  collecting_ = collecting_ && (complaints_.back().kind == ComplaintKind::kPanic ||
                                at_ns - complaints_.back().at_ns < kReportNs);
  if (kind && begins_complaint(*kind)) {
    KernelComplaint begun = {.kind = *kind, .at_ns = at_ns, .text = std::string(text), .lines = {}};
    if (!first_fault_ && is_fault(*kind)) {
      first_fault_ = begun;
    }
    ++count_;
    collecting_ = count_ <= kMostComplaints;
    if (collecting_) {
      complaints_.push_back(begun);
    }
    return begun;
  }
  if (collecting_) {
    KernelComplaint& last = complaints_.back();
    last.lines.emplace_back(text);
    collecting_ = !text.starts_with(kEndOfTrace) && last.lines.size() < kMostLines;
  }
  return std::nullopt;
}

} // namespace schedrig::engine

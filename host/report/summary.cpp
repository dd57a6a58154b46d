// SPDX-License-Identifier: MIT
#include "host/report/summary.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <map>
#include <vector>

#include <schedrig/scheduler_exit.hpp>

#include "host/engine/check_parts.hpp"
#include "host/report/names.hpp"
#include "host/report/payloads.hpp"
#include "host/report/sched_commands.hpp"
#include "host/text/human_duration.hpp"
#include "host/text/quote.hpp"

namespace schedrig::report {
namespace {

using engine::RunReport;
using engine::StepRecord;
using engine::Verdict;
using engine::WorkerRecord;

std::string painted(std::string_view text, Verdict verdict, bool colour) {
  if (!colour) {
    return std::string(text);
  }
  const std::string_view code = verdict == Verdict::kPass           ? "32"
                                : verdict == Verdict::kSkip         ? "2"
                                : verdict == Verdict::kInconclusive ? "33"
                                                                    : "31";
  return "\x1b[1;" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::string upper(std::string_view text) {
  std::string copy(text);
  std::ranges::transform(copy, copy.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
  return copy;
}

std::string fact(const RunReport& report, std::string_view key) {
  const auto found =
      std::ranges::find(report.machine, key, &std::pair<std::string, std::string>::first);
  return found == report.machine.end() ? "" : found->second;
}

std::string headline(const RunReport& report, bool colour) {
  std::string line = painted(upper(engine::to_string(report.verdict)), report.verdict, colour) +
                     "  " + printable_name(report.name) + " on " + printable_name(report.backend);
  const std::string kernel = fact(report, "kernel.release");
  line += kernel.empty() ? "" : ", kernel " + printable_name(kernel);
  line += ", scheduler " + printable_name(report.scheduler);
  line += ", " + report.topology;
  if (report.start == engine::MachineStart::kFork) {
    line += ", from a template";
  } else if (report.start == engine::MachineStart::kReset) {
    line += ", reset to a template";
  }
  return line + ", seed " + std::to_string(report.seed) + "\n";
}

std::string step_line(std::string_view label, const StepRecord& step, bool colour) {
  const auto done = std::ranges::count(step.ops, engine::OpStatus::kOk, &engine::OpRecord::status);
  std::string line = "  " + std::string(label) + "  " +
                     painted(engine::to_string(step.verdict), step.verdict, colour);
  if (step.verdict != Verdict::kSkip) {
    line += ", " + text::human_duration(step.end_ns - step.start_ns);
  }
  if (!step.ops.empty()) {
    line += ", " + std::to_string(done) + " of " + std::to_string(step.ops.size()) + " ops";
  }
  return line + "\n";
}

std::string steps(const RunReport& report, bool colour) {
  std::string text;
  for (std::size_t i = 0; i < report.steps.size(); ++i) {
    text += step_line("step " + std::to_string(i + 1) + " \"" +
                          printable_name(report.steps[i].name) + "\"",
                      report.steps[i], colour);
  }
  return text;
}

std::string freeze_windows(const RunReport& report) {
  if (report.freeze_windows.empty()) {
    return "";
  }
  std::int64_t longest = 0;
  std::int64_t total = 0;
  std::uint32_t ops = 0;
  for (const engine::FreezeWindowRecord& window : report.freeze_windows) {
    longest = std::max(longest, window.frozen_ns);
    total += window.frozen_ns;
    ops += window.ops;
  }
  const auto plural = [](std::size_t count, std::string_view what) {
    return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
  };
  return "  frozen  " + plural(report.freeze_windows.size(), "window") + " for " +
         plural(ops, "cold op") + ", " + text::human_duration(total) + " in all, longest " +
         text::human_duration(longest) + "\n";
}

std::string checks(const RunReport& report, bool colour) {
  std::string text;
  std::vector<engine::CheckRecord> worst_first = report.checks;
  std::ranges::stable_sort(worst_first, std::greater<>(), &engine::CheckRecord::verdict);
  for (const engine::CheckRecord& check : worst_first) {
    text += "  check " + printable_name(check.name) + "  " +
            painted(engine::to_string(check.verdict), check.verdict, colour) + ": " +
            printable(check.observed) + "\n";
    if (check.verdict >= Verdict::kInconclusive) {
      text += "    limit: " + printable(check.limit) + "\n";
    }
  }
  return text;
}

struct GroupRow {
  const WorkerRecord* first = nullptr;
  std::uint32_t workers = 0;
  std::int64_t cpu_ns = 0;
  std::int64_t wall_ns = 0;
  std::int64_t run_delay_ns = 0;
  std::int64_t gap_ns = 0;
  std::uint64_t migrations = 0;
};

// What a group does, with what tells it from others of its cgroup.
std::string group_label(const std::map<std::uint32_t, GroupRow>& rows, std::uint32_t number) {
  const auto plain = [](const WorkerRecord& worker) {
    return std::string(work_type_info(worker.type).name) +
           (worker.nice == 0 ? "" : " nice " + std::to_string(worker.nice));
  };
  const WorkerRecord& own = *rows.at(number).first;
  const auto alike = std::ranges::count_if(rows, [&](const auto& row) {
    const WorkerRecord& other = *row.second.first;
    return other.cgroup == own.cgroup && plain(other) == plain(own);
  });
  return plain(own) + (alike > 1 ? " #" + std::to_string(number) : "");
}

// One line a worker group: what share of a CPU each of its workers had, and how long they waited.
std::string groups(const RunReport& report) {
  std::map<std::uint32_t, GroupRow> rows;
  for (const WorkerRecord& worker : report.workers) {
    GroupRow& row = rows[worker.group];
    row.first = row.first == nullptr ? &worker : row.first;
    ++row.workers;
    row.cpu_ns += worker.cpu_ns;
    row.wall_ns += worker.wall_ns;
    row.run_delay_ns += worker.run_delay_ns;
    row.migrations += worker.migrations;
    for (const Gap& gap : worker.gaps) {
      row.gap_ns = std::max(row.gap_ns, engine::unfrozen_length(gap, worker.frozen));
    }
  }
  if (rows.empty()) {
    return "";
  }
  std::map<std::uint32_t, std::string> labels;
  int width = 8; // of "workers" and the shortest types
  for (const auto& [number, row] : rows) {
    const std::string& label = labels[number] = group_label(rows, number);
    width = std::max(width, static_cast<int>(label.size()));
  }
  std::array<char, 256> line{};
  std::snprintf(line.data(), line.size(), "  %-20s %-*s %7s %8s %11s %10s %10s\n", "workers of",
                width, "type", "workers", "CPU each", "delay each", "longest gap", "migrations");
  std::string text = line.data();
  for (const auto& [number, row] : rows) {
    const double share = row.wall_ns == 0 ? 0.0
                                          : 100.0 * static_cast<double>(row.cpu_ns) /
                                                static_cast<double>(row.wall_ns);
    const std::string where =
        row.first->cgroup.empty() ? "(runner)" : text::shown(row.first->cgroup, 20);
    std::snprintf(line.data(), line.size(), "  %-20s %-*s %7u %7.1f%% %11s %10s %10llu\n",
                  where.c_str(), width, labels[number].c_str(), row.workers, share,
                  text::human_duration(row.run_delay_ns / row.workers).c_str(),
                  text::human_duration(row.gap_ns).c_str(),
                  static_cast<unsigned long long>(row.migrations));
    text += line.data();
  }
  return text;
}

// Text of several lines from outside, each behind `indent`; control characters do not pass.
std::string indented(std::string_view lines, std::string_view indent) {
  std::string text;
  while (!lines.empty()) {
    const std::size_t n = std::min(lines.find('\n'), lines.size());
    text += std::string(indent) + printable(lines.substr(0, n)) + "\n";
    lines.remove_prefix(std::min(n + 1, lines.size()));
  }
  return text;
}

std::string failure(const RunReport& report, bool colour) {
  if (!report.cause) {
    return "";
  }
  std::string text = "  " + painted("cause", report.verdict, colour) + ": " +
                     printable(report.cause->message) + "\n";
  std::string_view help = report.cause->help;
  while (help.ends_with('\n')) {
    help.remove_suffix(1);
  }
  if (help.find('\n') != std::string_view::npos) { // the end of a log
    text += "  help:\n" + indented(help, "    ");
  } else if (!help.empty()) {
    text += "  help: " + printable(help) + "\n";
  }
  return text;
}

// Whose doing it was and what shows it, of a run that did not pass.
std::string diagnosis(const RunReport& report) {
  if (!report.failure || report.verdict == Verdict::kPass) {
    return "";
  }
  const triage::Diagnosis& failure = *report.failure;
  std::string text = "  diagnosis: " + std::string(triage::to_string(failure.kind)) +
                     ", blame: " + std::string(triage::to_string(failure.blame)) + "\n    " +
                     printable(failure.summary) + "\n";
  for (const std::string& line : failure.evidence) {
    text += "    - " + printable(line) + "\n";
  }
  return text;
}

// Where the picture of the kernel at an exit is.
std::string exit_snapshot_line(const RunReport& report, const engine::SchedulerEvent& event) {
  if (!event.snapshot_error.empty()) {
    return "    no snapshot: " + printable(event.snapshot_error) + "\n";
  }
  const auto snapshot =
      std::ranges::find(report.snapshots, event.snapshot, &engine::SnapshotRecord::name);
  if (event.snapshot.empty() || snapshot == report.snapshots.end()) {
    return "";
  }
  if (snapshot->file.empty()) {
    return "    a snapshot of the kernel was taken: --json FILE keeps it beside that file\n";
  }
  const std::string when = event.snapshot_by == "watch" ? ", at the write that ended it: " : ": ";
  return "    snapshot at " + text::human_duration(snapshot->at_ns) + when +
         printable(snapshot->file) + "\n";
}

std::string exit_lines(const RunReport& report, const engine::SchedulerEvent& event) {
  const std::string meant = event.expected    ? ", as expected"
                            : event.restarted ? ", restarted as it asked"
                                              : "";
  std::string text = "  scheduler " + printable_name(event.scheduler) + " exited at " +
                     text::human_duration(event.at_ns) + meant + ": " +
                     std::string(exit_kind_info(event.exit_kind).name) + " (" +
                     std::to_string(event.exit_kind) + "), " + printable(event.reason) +
                     (event.message.empty() ? "" : ": " + printable(event.message)) + "\n";
  text += exit_snapshot_line(report, event);
  if (event.expected || event.restarted) {
    return text;
  }
  if (!event.log.empty()) {
    text += "    its log:\n" + indented(event.log, "      ");
  }
  if (event.dump.empty()) {
    return text;
  }
  if (report.failure) { // tells what the dump shows; a dump of a busy machine has pages
    return text + "    state at the exit: " + std::to_string(std::ranges::count(event.dump, '\n')) +
           " lines, in the JSON document\n";
  }
  return text + "    state at the exit:\n" + indented(event.dump, "      ");
}

std::string scheduler_events(const RunReport& report) {
  std::string text;
  for (const engine::SchedulerEvent& event : report.scheduler_events) {
    if (event.kind == engine::SchedulerEventKind::kExit) {
      text += exit_lines(report, event);
      continue;
    }
    const bool attach = event.kind == engine::SchedulerEventKind::kAttach;
    text += "  scheduler " + printable_name(event.scheduler) +
            (attach ? " attached at " : " detached at ") + text::human_duration(event.at_ns);
    if (event.gap_ns) {
      text += ", gap without a scheduler " + text::human_duration(*event.gap_ns);
    }
    text += "\n";
  }
  return text;
}

} // namespace

std::string summary(const RunReport& report, std::string_view reproduce, bool colour) {
  std::string text = headline(report, colour) + failure(report, colour) + diagnosis(report) +
                     scheduler_events(report) + steps(report, colour) + freeze_windows(report) +
                     shutdown_line(report) + checks(report, colour) +
                     payload_lines(report.payloads) + groups(report);
  if (report.verdict != Verdict::kPass) {
    text += "  reproduce: " + std::string(reproduce) + "\n";
  }
  return text;
}

} // namespace schedrig::report

// SPDX-License-Identifier: MIT
#include "backend/loader_report.hpp"

#include <algorithm>
#include <charconv>

#include <schedrig/scheduler_exit.hpp>

#include "scx_loader/report_lines.hpp"
#include "scx_loader/verifier_log.hpp"

namespace schedrig::kvm {
namespace {

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

// "EXIT: runtime error (message)" and "EXIT: unregistered from user space": what the macro of the
// kernel's own loaders prints (tools/sched_ext/include/scx/user_exit_info.h, Linux 6.12).
bool read_exit_line(std::string_view line, LoaderReport& out) {
  constexpr std::string_view kExit = "EXIT: ";
  const std::size_t at = line.find(kExit);
  if (at == std::string_view::npos) {
    return false;
  }
  line.remove_prefix(at + kExit.size());
  const auto kind = std::ranges::find_if(
      kExitKinds, [&](const ExitKindInfo& each) { return line.starts_with(each.reason); });
  if (kind == kExitKinds.end()) {
    return false;
  }
  out.kind = kind->kind;
  out.reason = kind->reason;
  const std::string_view rest = line.substr(kind->reason.size());
  if (rest.starts_with(" (") && rest.ends_with(')')) {
    out.message = rest.substr(2, rest.size() - 3);
  }
  return true;
}

} // namespace

LoaderReport read_loader_lines(std::string_view standard_output) {
  LoaderReport report;
  scx::ReportLine line;
  while (scx::take_line(standard_output, line)) {
    if (line.word == scx::kNote) {
      report.log += line.text + "\n";
    } else if (line.word == scx::kAttached) {
      report.attached = true;
    } else if (line.word == scx::kFailed) {
      report.failed = line.text;
    } else if (line.word == scx::kLog) {
      report.log += line.text;
    } else if (line.word == scx::kKind) {
      report.kind = number(line.text);
    } else if (line.word == scx::kCode) {
      report.code = number(line.text).value_or(0);
    } else if (line.word == scx::kReason) {
      report.reason = line.text;
    } else if (line.word == scx::kMessage) {
      report.message = line.text;
    } else if (line.word == scx::kDump) {
      report.dump = line.text;
    }
  }
  return report;
}

LoaderReport read_foreign_output(std::string_view standard_output,
                                 std::string_view standard_error) {
  LoaderReport report;
  for (std::string_view rest : {standard_output, standard_error}) {
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      (void)read_exit_line(rest.substr(0, end), report);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  report.log = standard_error;
  // Where libbpf prints what the verifier said.
  if (standard_error.find("-- END PROG LOAD LOG --") != std::string_view::npos) {
    report.failed = scx::cause_of(standard_error);
  }
  return report;
}

std::string_view last_whole_lines(std::string_view text, std::size_t most) {
  while (text.ends_with('\n')) {
    text.remove_suffix(1);
  }
  if (text.size() <= most) {
    return text;
  }
  const std::string_view end = text.substr(text.size() - most);
  if (text[text.size() - most - 1] == '\n') {
    return end;
  }
  const std::size_t line = end.find('\n');
  return line == std::string_view::npos ? end : end.substr(line + 1);
}

} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
#include "scx_loader/verifier_log.hpp"

#include <algorithm>

namespace schedrig::scx {
namespace {

std::string_view last_line(std::string_view text) {
  while (text.ends_with('\n')) {
    text.remove_suffix(1);
  }
  return text.substr(text.find_last_of('\n') + 1);
}

constexpr std::string_view kBegin = "-- BEGIN PROG LOAD LOG --";
constexpr std::string_view kEnd = "-- END PROG LOAD LOG --";

// What stands in quotes in "libbpf: prog 'NAME': ...".
std::string_view program_in(std::string_view line) {
  constexpr std::string_view kProgram = "prog '";
  const std::size_t at = line.find(kProgram);
  if (at == std::string_view::npos) {
    return {};
  }
  line.remove_prefix(at + kProgram.size());
  return line.substr(0, line.find('\''));
}

} // namespace

std::string cause_of(std::string_view printed) {
  const std::size_t begin = printed.find(kBegin);
  // A log may have lost its begin; libbpf names the program again behind the end.
  const std::size_t end = printed.find(kEnd, begin == std::string_view::npos ? 0 : begin);
  if (begin == std::string_view::npos && end == std::string_view::npos) {
    return std::string(last_line(printed));
  }
  std::string_view log = printed.substr(0, end);
  std::string_view program;
  if (begin == std::string_view::npos) {
    program = program_in(printed.substr(end));
  } else {
    program = program_in(last_line(log.substr(0, begin)));
    log.remove_prefix(begin + kBegin.size());
  }
  if (end != std::string_view::npos) {
    log = log.substr(0, log.rfind('\n'));
  }
  // The last line is a count of instructions; the complaint is above it.
  if (const std::size_t count = log.rfind("\nprocessed "); count != std::string_view::npos) {
    log = log.substr(0, count);
  }
  return "the verifier refuses " + std::string(program) + ": " + std::string(last_line(log));
}

} // namespace schedrig::scx

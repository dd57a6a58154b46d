// SPDX-License-Identifier: MIT
#include "host/lab/kernel_death.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace schedrig::lab {
namespace {

// How an oops begins (arch/x86/kernel/{traps,dumpstack}.c, arch/x86/mm/fault.c); its panic follows
// behind registers and call trace.
constexpr std::array<std::string_view, 4> kComplaints = {
    "BUG: ", "Oops: ", "general protection fault", "kernel BUG at"};
// An oops in a kernel with its modules' list is some 3 KiB; farther up it was another one.
constexpr std::size_t kMostBefore = 8192;
constexpr std::size_t kMostLines = 60;

std::size_t line_start(const std::string& text, std::size_t at) {
  const std::size_t before = text.rfind('\n', at);
  return before == std::string::npos ? 0 : before + 1;
}

} // namespace

std::string panic_line(const std::string& console) {
  const std::size_t at = console.rfind("Kernel panic");
  if (at == std::string::npos) {
    return {};
  }
  const std::string line = console.substr(at, console.find('\n', at) - at);
  return line.substr(0, line.find('\r'));
}

std::string death_lines(const std::string& console) {
  const std::size_t panic = console.rfind("Kernel panic");
  if (panic == std::string::npos) {
    return {};
  }
  std::size_t first = panic;
  for (const std::string_view complaint : kComplaints) {
    const std::size_t from = panic - std::min(panic, kMostBefore);
    first = std::min(first, console.find(complaint, from));
  }
  std::string text;
  std::size_t lines = 0;
  for (const char letter : console.substr(line_start(console, first))) {
    lines += letter == '\n' ? 1U : 0U;
    if (lines == kMostLines) {
      break;
    }
    if (letter != '\r') {
      text += letter;
    }
  }
  return text;
}

} // namespace schedrig::lab

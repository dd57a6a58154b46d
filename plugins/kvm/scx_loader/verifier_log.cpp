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

} // namespace

std::string cause_of(std::string_view printed) {
  constexpr std::string_view kBegin = "-- BEGIN PROG LOAD LOG --";
  constexpr std::string_view kEnd = "-- END PROG LOAD LOG --";
  const std::size_t begin = printed.find(kBegin);
  if (begin == std::string_view::npos) {
    return std::string(last_line(printed));
  }
  // "libbpf: prog 'NAME': -- BEGIN"
  const std::string_view head = last_line(printed.substr(0, begin));
  const std::size_t name = head.find('\'');
  const std::string_view program =
      name == std::string_view::npos ? std::string_view{}
                                     : head.substr(name + 1, head.find('\'', name + 1) - name - 1);
  std::string_view log = printed.substr(begin + kBegin.size());
  log = log.substr(0, log.rfind('\n', std::min(log.find(kEnd), log.size())));
  // The last line is a count of instructions; the complaint is above it.
  if (const std::size_t count = log.rfind("\nprocessed "); count != std::string_view::npos) {
    log = log.substr(0, count);
  }
  return "the verifier refuses " + std::string(program) + ": " + std::string(last_line(log));
}

} // namespace schedrig::scx

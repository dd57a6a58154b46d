// SPDX-License-Identifier: MIT
#include "host/text/cpulist.hpp"

#include "host/text/integer.hpp"
#include "host/text/quote.hpp"

namespace schedrig::text {
namespace {

constexpr std::string_view kHelp = "write numbers and ranges, such as \"0-3,8\"";

std::unexpected<Error> bad_list(std::string_view list, const std::string& why) {
  return fail(StatusCode::kInvalidArgument, "CPU list " + quote(list) + ": " + why,
              std::string(kHelp));
}

} // namespace

Result<std::vector<std::uint32_t>> parse_cpulist(std::string_view text) {
  std::string_view rest = text;
  if (rest.ends_with('\n')) {
    rest.remove_suffix(1);
  }
  std::vector<bool> present(kCpulistLimit);
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::string_view item = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    if (comma != std::string_view::npos && rest.empty()) {
      return bad_list(text, "nothing after the last comma");
    }
    const std::size_t dash = item.find('-');
    const auto first = parse_decimal(item.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_decimal(item.substr(dash + 1));
    if (!first || !last) {
      return bad_list(text, quote(item) + " is neither a number nor a range");
    }
    if (*last < *first) {
      return bad_list(text, "the range " + quote(item) + " runs backwards");
    }
    if (*last >= kCpulistLimit) {
      return bad_list(text, "CPU " + std::to_string(*last) + " is above the limit of " +
                                std::to_string(kCpulistLimit - 1));
    }
    for (std::uint64_t cpu = *first; cpu <= *last; ++cpu) {
      present[cpu] = true;
    }
  }
  std::vector<std::uint32_t> cpus;
  for (std::uint32_t cpu = 0; cpu < kCpulistLimit; ++cpu) {
    if (present[cpu]) {
      cpus.push_back(cpu);
    }
  }
  return cpus;
}

std::string format_cpulist(std::span<const std::uint32_t> cpus) {
  std::string list;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t end = i + 1;
    while (end < cpus.size() && cpus[end] == cpus[end - 1] + 1) {
      ++end;
    }
    list += (list.empty() ? "" : ",") + std::to_string(cpus[i]);
    if (end - i > 1) {
      list += "-" + std::to_string(cpus[end - 1]);
    }
    i = end;
  }
  return list;
}

} // namespace schedrig::text

// SPDX-License-Identifier: MIT
#include "host/engine/interrupts.hpp"

#include <algorithm>
#include <charconv>

#include "host/text/nearest.hpp"

namespace schedrig::engine {
namespace {

std::string_view next_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

std::size_t count_cpus(std::string_view header) {
  std::size_t cpus = 0;
  while (next_word(header).starts_with("CPU")) {
    ++cpus;
  }
  return cpus;
}

// Names may hold spaces, but no comma with a space behind it: that separates them.
std::vector<std::string> split_actions(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::vector<std::string> actions;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(", "), text.size());
    actions.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return actions;
}

// "  24:  counts of the CPUs  chip  hwirq-flow  actions".
std::optional<Interrupt> parse_line(std::string_view line, std::size_t cpus) {
  std::string_view name = next_word(line);
  Interrupt interrupt;
  if (!name.ends_with(':')) {
    return std::nullopt;
  }
  name.remove_suffix(1);
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), interrupt.number);
  if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size()) {
    return std::nullopt;
  }
  constexpr std::size_t kChipAndLine = 2;
  for (std::size_t i = 0; i < cpus + kChipAndLine; ++i) {
    next_word(line);
  }
  interrupt.actions = split_actions(line);
  return interrupt;
}

std::string describe(const Interrupt& interrupt) {
  std::string text = std::to_string(interrupt.number) + " (";
  for (const std::string& action : interrupt.actions) {
    text += (text.back() == '(' ? "" : ", ") + action;
  }
  return text + ")";
}

std::string describe(const std::vector<const Interrupt*>& interrupts) {
  std::string text;
  for (const Interrupt* interrupt : interrupts) {
    text += (text.empty() ? "" : ", ") + describe(*interrupt);
  }
  return text;
}

} // namespace

Result<std::vector<Interrupt>> parse_interrupts(std::string_view text) {
  const std::size_t cpus = count_cpus(next_line(text));
  if (cpus == 0) {
    return fail(StatusCode::kBadData, "/proc/interrupts has no header with CPUs");
  }
  std::vector<Interrupt> interrupts;
  while (!text.empty()) {
    if (auto interrupt = parse_line(next_line(text), cpus)) {
      interrupts.push_back(*std::move(interrupt));
    }
  }
  return interrupts;
}

Result<std::uint32_t> find_interrupt(const std::vector<Interrupt>& interrupts,
                                     std::string_view label, std::optional<std::uint32_t> nth) {
  std::vector<const Interrupt*> matches;
  std::vector<std::string_view> names;
  for (const Interrupt& interrupt : interrupts) {
    names.insert(names.end(), interrupt.actions.begin(), interrupt.actions.end());
    if (std::ranges::find(interrupt.actions, label) != interrupt.actions.end()) {
      matches.push_back(&interrupt);
    }
  }
  const std::string what = "interrupt with the action \"" + std::string(label) + "\"";
  if (matches.empty()) {
    return fail(StatusCode::kNotFound, "/proc/interrupts has no " + what,
                text::suggest(label, names, "actions of this machine"));
  }
  if (nth && *nth >= matches.size()) {
    return fail(StatusCode::kNotFound,
                "nth = " + std::to_string(*nth) + ": /proc/interrupts has only " +
                    std::to_string(matches.size()) + " " + what + ": " + describe(matches),
                "nth counts from 0");
  }
  if (!nth && matches.size() > 1) {
    return fail(StatusCode::kInvalidArgument,
                "/proc/interrupts has more than one " + what + ": " + describe(matches),
                "choose with nth, from 0, or give the number");
  }
  return matches[nth.value_or(0)]->number;
}

} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
#include "host/engine/payload_metrics.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "host/json/text.hpp"

namespace schedrig::engine {
namespace {

constexpr std::string_view kBlanks = " \t\r";

class Collector {
 public:
  // A name that was seen before takes the new value: programs print intermediate results.
  void add(std::string_view name, double value) {
    if (name.size() > kMaxMetricNameBytes) {
      problem_ = "a name has more than " + std::to_string(kMaxMetricNameBytes) + " bytes";
      return;
    }
    const auto [place, is_new] = places_.try_emplace(std::string(name), result_.metrics.size());
    if (!is_new) {
      result_.metrics[place->second].value = value;
    } else if (result_.metrics.size() == kMaxMetrics) {
      places_.erase(place);
      problem_ = "there are more than " + std::to_string(kMaxMetrics) + " metrics";
    } else {
      result_.metrics.push_back({.name = std::string(name), .value = value});
    }
  }

  [[nodiscard]] ReadMetrics take() {
    result_.problem = std::move(problem_);
    return std::move(result_);
  }

 private:
  ReadMetrics result_;
  std::string problem_;
  std::unordered_map<std::string, std::size_t> places_;
};

void flatten(const json::Value& value, const std::string& path, Collector& to) {
  if (const auto number = value.as_double()) {
    to.add(path, *number);
  } else if (const auto* members = value.as_object()) {
    for (const json::Member& member : *members) {
      flatten(member.value, path.empty() ? member.key : path + "." + member.key, to);
    }
  } else if (const auto* elements = value.as_array()) {
    for (std::size_t i = 0; i < elements->size(); ++i) {
      flatten((*elements)[i], path + "[" + std::to_string(i) + "]", to);
    }
  }
}

ReadMetrics read_json(std::string_view output) {
  const auto document = json::parse(output, "stdout");
  if (!document) {
    return {.metrics = {}, .problem = document.error().message};
  }
  Collector collector;
  flatten(*document, {}, collector);
  return collector.take();
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// The number that `text` begins with, when a blank, a unit or nothing follows.
std::optional<double> leading_number(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || !std::isfinite(value)) {
    return std::nullopt;
  }
  const bool alone = rest == end || kBlanks.find(*rest) != std::string_view::npos || *rest == '%' ||
                     *rest == ',' || (*rest >= 'a' && *rest <= 'z') ||
                     (*rest >= 'A' && *rest <= 'Z');
  return alone ? std::optional(value) : std::nullopt;
}

ReadMetrics read_lines(std::string_view output) {
  Collector collector;
  while (!output.empty()) {
    const std::size_t end = std::min(output.find('\n'), output.size());
    const std::string_view line = output.substr(0, end);
    output.remove_prefix(std::min(end + 1, output.size()));
    const std::size_t sign = line.find_first_of("=:");
    if (sign == std::string_view::npos) {
      continue;
    }
    const std::string_view name = trimmed(line.substr(0, sign));
    const auto value = leading_number(trimmed(line.substr(sign + 1)));
    if (!name.empty() && value) {
      collector.add(name, *value);
    }
  }
  return collector.take();
}

} // namespace

ReadMetrics read_metrics(PayloadOutput format, std::string_view output, bool whole) {
  switch (format) {
  case PayloadOutput::kJson:
    return read_json(output);
  case PayloadOutput::kLines:
    return read_lines(whole ? output : output.substr(0, output.rfind('\n') + 1));
  case PayloadOutput::kExitCode:
    break;
  }
  return {};
}

} // namespace schedrig::engine

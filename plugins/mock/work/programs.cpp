// SPDX-License-Identifier: MIT
#include "plugins/mock/work/programs.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "plugins/mock/sim/task.hpp"
#include "plugins/mock/work/list_key.hpp"

namespace schedrig::mock {
namespace {

constexpr std::int64_t kHourNs = 3'600'000'000'000;

constexpr std::array kParams = {
    ParamSpec{.type = ParamType::kString,
              .key = "programs[].name",
              .default_value = {},
              .doc = "a program that payloads can run: the last path component of their binary",
              .required = 1},
    ParamSpec{.type = ParamType::kDuration,
              .key = "programs[].runs",
              .default_value = "0s",
              .doc = "CPU time of a cycle; a program that does nothing needs none",
              .minimum = 0,
              .maximum = kHourNs},
    ParamSpec{.type = ParamType::kDuration,
              .key = "programs[].sleeps",
              .default_value = "0s",
              .doc = "sleep of a cycle, after its CPU time",
              .minimum = 0,
              .maximum = kHourNs},
    ParamSpec{.type = ParamType::kInteger,
              .key = "programs[].cycles",
              .default_value = "1",
              .doc = "how many cycles it runs before it exits",
              .minimum = 1,
              .maximum = 1'000'000'000},
    ParamSpec{.type = ParamType::kInteger,
              .key = "programs[].exit_code",
              .default_value = "0",
              .doc = "its exit status; 0 is success",
              .minimum = 0,
              .maximum = 255},
    ParamSpec{.type = ParamType::kString,
              .key = "programs[].output[]",
              .default_value = {},
              .doc = "a line that it prints before it exits"},
};

Execution complain(std::string text) {
  return {.exit_code = 1, .stdout_text = {}, .stderr_text = std::move(text) + "\n"};
}

using Args = std::span<const std::string_view>;

// coreutils' time intervals: a number, then s, m, h, d or nothing; several add up.
bool add_interval(std::string_view text, double& seconds) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || std::isnan(value) || value < 0 || end - rest > 1) {
    return false;
  }
  constexpr std::string_view kUnits = "smhd";
  constexpr std::array kSeconds = {1.0, 60.0, 3600.0, 86400.0};
  const std::size_t unit = rest == end ? 0 : kUnits.find(*rest);
  if (unit == std::string_view::npos) {
    return false;
  }
  seconds += value * kSeconds.at(unit);
  return true;
}

Nanos to_nanos(double seconds) {
  constexpr Nanos kLongest = kNever / 4; // decades, and far from overflow when added to a clock
  const double ns = seconds * 1e9;
  return ns < static_cast<double>(kLongest) ? static_cast<Nanos>(ns) : kLongest;
}

Execution run_sleep(Args args) {
  double seconds = 0;
  for (const std::string_view arg : args) {
    if (!add_interval(arg, seconds)) {
      return complain("sleep: invalid time interval '" + std::string(arg) + "'");
    }
  }
  if (args.empty()) {
    return complain("sleep: missing operand");
  }
  return {.sleeps_ns = to_nanos(seconds), .stdout_text = {}, .stderr_text = {}};
}

// CPU time as sleep's interval; without one, until it is killed.
Execution run_spin(Args args) {
  double seconds = 0;
  for (const std::string_view arg : args) {
    if (!add_interval(arg, seconds)) {
      return complain("spin: invalid time interval '" + std::string(arg) + "'");
    }
  }
  return {
      .runs_ns = args.empty() ? kNever : to_nanos(seconds), .stdout_text = {}, .stderr_text = {}};
}

Execution run_echo(Args args) {
  Execution execution;
  const bool newline = args.empty() || args.front() != "-n";
  const Args words = newline ? args : args.subspan(1);
  for (std::size_t i = 0; i < words.size(); ++i) {
    execution.stdout_text += (i == 0 ? "" : " ") + std::string(words[i]);
  }
  execution.stdout_text += newline ? "\n" : "";
  return execution;
}

Execution run_true(Args /*args*/) {
  return {};
}

Execution run_false(Args /*args*/) {
  return {.exit_code = 1, .stdout_text = {}, .stderr_text = {}};
}

struct BuiltIn {
  std::string_view name;
  Execution (*run)(Args args);
};
constexpr std::array<BuiltIn, 5> kBuiltIns = {{{"echo", run_echo},
                                               {"false", run_false},
                                               {"sleep", run_sleep},
                                               {"spin", run_spin},
                                               {"true", run_true}}};

} // namespace

std::span<const ParamSpec> program_params() noexcept {
  return kParams;
}

void Programs::declare(ParamsView params, ParamProblemSink& problems) {
  struct Declared {
    std::string name;
    Execution execution;
  };
  std::map<std::uint32_t, Declared> found; // by position
  for (const ParamValue& param : params) {
    const auto key = list_key(param.key, "programs");
    if (!key) {
      continue;
    }
    const std::string_view member = key->member;
    auto& [name, execution] = found[key->index];
    if (member == "name") {
      name = param.text;
    } else if (member == "runs") {
      execution.runs_ns = param.integer;
    } else if (member == "sleeps") {
      execution.sleeps_ns = param.integer;
    } else if (member == "cycles") {
      execution.cycles = static_cast<std::uint32_t>(param.integer);
    } else if (member == "exit_code") {
      execution.exit_code = static_cast<std::uint8_t>(param.integer);
    } else if (member.starts_with("output[")) {
      execution.stdout_text += std::string(param.text) + "\n"; // lines come in their order
    }
  }
  for (auto& [index, program] : found) {
    if (!declared_.emplace(program.name, std::move(program.execution)).second) {
      problems.on_problem(
          "programs[" + std::to_string(index) + "].name",
          Status::make(StatusCode::kInvalidArgument,
                       "[backend.mock] declares the program \"" + program.name + "\" twice",
                       "give each program a name of its own"));
    }
  }
}

Status Programs::execute(std::string_view binary, Args args, Execution* out) const {
  const std::string_view name = binary.substr(binary.rfind('/') + 1);
  if (const auto declared = declared_.find(name); declared != declared_.end()) {
    *out = declared->second;
    return {};
  }
  const auto* const built_in = std::ranges::find(kBuiltIns, name, &BuiltIn::name);
  if (built_in != kBuiltIns.end()) {
    *out = built_in->run(args);
    return {};
  }
  std::string known;
  for (const BuiltIn& each : kBuiltIns) {
    known += (known.empty() ? "" : ", ") + std::string(each.name);
  }
  for (const auto& [each, execution] : declared_) {
    known += ", " + each;
  }
  return Status::make(StatusCode::kNotFound,
                      "the simulated machine has no program \"" + std::string(name) + "\"",
                      "declare it: [backend.mock] programs = [ { name = \"" + std::string(name) +
                          "\", runs = \"1s\" } ]; there are " + known);
}

} // namespace schedrig::mock

// SPDX-License-Identifier: MIT
#include "host/report/payloads.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>

#include <sys/wait.h>

#include "host/engine/payload_checks.hpp"
#include "host/report/names.hpp"
#include "host/text/human_duration.hpp"

namespace schedrig::report {
namespace {

using engine::PayloadEnd;
using engine::PayloadRecord;
using engine::Verdict;
using json::Value;

// A console shows a screenful; the JSON document has all.
constexpr std::size_t kShownPayloads = 20;
constexpr std::size_t kShownStderrLines = 3;

std::string_view to_string(PayloadEnd end) {
  constexpr std::array<std::string_view, 6> kNames = {"itself",     "kill_payload", "wait_timeout",
                                                      "cgroup_end", "step_end",     "machine_lost"};
  return kNames.at(static_cast<std::size_t>(end));
}

Value number(double value) {
  constexpr double kExact = 9007199254740992.0; // 2^53
  return std::nearbyint(value) == value && std::fabs(value) < kExact
             ? Value(static_cast<std::int64_t>(value))
             : Value(value);
}

Value metrics_of(const PayloadRecord& payload) {
  // Names are distinct: built at once, since set() would compare each with all before it.
  json::Object members;
  members.reserve(payload.metrics.size());
  for (const engine::Metric& metric : payload.metrics) {
    members.push_back({metric.name, number(metric.value)});
  }
  return Value(std::move(members));
}

Value stream_value(const std::string& tail, bool truncated) {
  Value value = Value::object();
  value.set("tail", tail);
  value.set("truncated", truncated);
  return value;
}

std::string outcome(const PayloadRecord& payload) {
  switch (payload.end) {
  case PayloadEnd::kItself:
    return WIFSIGNALED(payload.wait_status)
               ? "signal " + std::to_string(WTERMSIG(payload.wait_status))
               : "exit " + std::to_string(WEXITSTATUS(payload.wait_status));
  case PayloadEnd::kKillOp:
    return "killed by kill_payload";
  case PayloadEnd::kWaitTimeout:
    return "killed when its wait timed out";
  case PayloadEnd::kCgroupEnd:
    return "killed with its cgroup";
  case PayloadEnd::kScopeEnd:
    return payload.step == "backdrop" ? "killed at the end of the run"
                                      : "killed at the end of its step";
  case PayloadEnd::kMachineLost:
    break;
  }
  return "lost with the machine";
}

// The last lines, each made fit for a terminal.
std::string stderr_lines(const PayloadRecord& payload) {
  std::vector<std::string_view> lines;
  std::string_view rest = payload.stderr_tail;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (end != 0) {
      lines.push_back(rest.substr(0, end));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  std::string text;
  for (std::size_t i = lines.size() - std::min(lines.size(), kShownStderrLines); i < lines.size();
       ++i) {
    text += "    stderr: " + printable(lines[i]) + "\n";
  }
  return text;
}

std::string lines_of(const PayloadRecord& payload) {
  std::string text = "  payload " + printable_name(engine::payload_label(payload)) + "  " +
                     outcome(payload) + " after " +
                     text::human_duration(payload.end_ns - payload.start_ns) + ", CPU " +
                     text::human_duration(payload.cpu_ns) + "\n";
  for (const engine::CheckRecord& check : payload.checks) {
    if (!payload.gate && check.verdict >= Verdict::kInconclusive) {
      text += "    " + printable_name(check.name) + "  " +
              std::string(engine::to_string(check.verdict)) + ": " + printable(check.observed) +
              "; limit: " + printable(check.limit) + "; recorded only, gate is false\n";
    }
  }
  const bool well = payload.end != PayloadEnd::kItself || payload.wait_status == 0;
  return text + (well ? "" : stderr_lines(payload));
}

} // namespace

Value payload_value(const PayloadRecord& payload) {
  const bool known = payload.end != PayloadEnd::kMachineLost;
  Value value = Value::object();
  value.set("name", payload.name);
  value.set("cgroup", payload.cgroup);
  value.set("step", payload.step);
  value.set("binary", payload.binary);
  Value& args = value.set("args", Value::array());
  for (const std::string& arg : payload.args) {
    args.push(arg);
  }
  value.set("pid", payload.pid);
  value.set("ended_by", to_string(payload.end));
  value.set("exit_code", known && WIFEXITED(payload.wait_status)
                             ? Value(WEXITSTATUS(payload.wait_status))
                             : Value());
  value.set("signal", known && WIFSIGNALED(payload.wait_status)
                          ? Value(WTERMSIG(payload.wait_status))
                          : Value());
  value.set("start_ns", payload.start_ns);
  value.set("end_ns", payload.end_ns);
  value.set("cpu_ns", payload.cpu_ns);
  value.set("gate", payload.gate);
  value.set("metrics", metrics_of(payload));
  value.set("metrics_problem",
            payload.metrics_problem.empty() ? Value() : Value(payload.metrics_problem));
  Value& checks = value.set("checks", Value::array());
  for (const engine::CheckRecord& check : payload.checks) {
    Value& entry = checks.push(Value::object());
    entry.set("metric", check.name);
    entry.set("verdict", engine::to_string(check.verdict));
    entry.set("observed", check.observed);
    entry.set("limit", check.limit);
  }
  value.set("stdout", stream_value(payload.stdout_tail, payload.stdout_truncated));
  value.set("stderr", stream_value(payload.stderr_tail, payload.stderr_truncated));
  return value;
}

Value payloads_value(const std::vector<PayloadRecord>& payloads) {
  Value value = Value::array();
  for (const PayloadRecord& payload : payloads) {
    value.push(payload_value(payload));
  }
  return value;
}

Value metrics_value(const std::vector<PayloadRecord>& payloads) {
  Value value = Value::object();
  for (const PayloadRecord& payload : payloads) {
    value.set(engine::payload_label(payload), metrics_of(payload));
  }
  return value;
}

std::string payload_lines(const std::vector<PayloadRecord>& payloads) {
  std::string text;
  const std::size_t shown = std::min(payloads.size(), kShownPayloads);
  for (std::size_t i = 0; i < shown; ++i) {
    text += lines_of(payloads[i]);
  }
  if (shown < payloads.size()) {
    text += "  and " + std::to_string(payloads.size() - shown) +
            " more payloads; the JSON document has all\n";
  }
  return text;
}

} // namespace schedrig::report

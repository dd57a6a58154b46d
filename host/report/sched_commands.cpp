// SPDX-License-Identifier: MIT
#include "host/report/sched_commands.hpp"

#include "host/engine/sched_commands.hpp"
#include "host/text/human_duration.hpp"

namespace schedrig::report {

using json::Value;

Value sched_commands_value(const engine::RunReport& report) {
  Value list = Value::array();
  for (const engine::SchedCommandRecord& record : report.sched_commands) {
    Value& entry = list.push(Value::object());
    entry.set("command", record.command);
    entry.set("vcpu", record.vcpu);
    entry.set("by", record.by_program ? "program" : "op");
    entry.set("at_ns", record.at_ns);
    entry.set("result", record.result);
    entry.set("waited_ns", record.waited_ns ? Value(*record.waited_ns) : Value());
  }
  return list;
}

Value shutdown_value(const engine::RunReport& report) {
  if (!report.shutdown) {
    return {};
  }
  Value value = Value::object();
  value.set("reason", engine::shutdown_reason(report.shutdown->code));
  value.set("code", static_cast<std::uint32_t>(report.shutdown->code));
  value.set("at_ns", report.shutdown->at_ns);
  return value;
}

std::string shutdown_line(const engine::RunReport& report) {
  if (!report.shutdown) {
    return "";
  }
  return "  shut down at " + text::human_duration(report.shutdown->at_ns) +
         " by a scheduling command: " +
         std::string(engine::shutdown_reason(report.shutdown->code)) + " (" +
         std::to_string(report.shutdown->code) + ")\n";
}

} // namespace schedrig::report

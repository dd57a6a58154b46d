// SPDX-License-Identifier: MIT
#include "host/report/json_values.hpp"

#include <cstring>

#include <schedrig/scheduler_exit.hpp>

#include "host/report/names.hpp"

namespace schedrig::report {

using json::Value;

namespace {

Value exit_value(const engine::SchedulerEvent& event) {
  const ExitKindInfo kind = exit_kind_info(event.exit_kind);
  Value exit = Value::object();
  exit.set("kind", kind.word);
  exit.set("code", event.exit_code);
  exit.set("reason", event.reason);
  exit.set("message", event.message);
  exit.set("help", event.help);
  exit.set("expected", event.expected);
  exit.set("restarted", event.restarted);
  Value& task = exit.set("task", Value());
  if (event.pid != 0) {
    task = Value::object();
    task.set("pid", event.pid);
    task.set("name", event.task);
    task.set("runnable_since_ns",
             event.runnable_since_ns < 0 ? Value() : Value(event.runnable_since_ns));
  }
  exit.set("log", event.log);
  exit.set("dump", event.dump);
  return exit;
}

} // namespace

Value error_value(const std::optional<Error>& error) {
  if (!error) {
    return Value();
  }
  Value value = Value::object();
  value.set("code", to_string(error->code));
  const char* name = error->os_errno == 0 ? nullptr : strerrorname_np(error->os_errno);
  value.set("errno", name == nullptr ? Value() : Value(name));
  value.set("message", error->message);
  value.set("help", error->help);
  return value;
}

Value op_value(const engine::OpRecord& op) {
  Value value = Value::object();
  value.set("kind", op.kind);
  value.set("index", op.index);
  value.set("iteration", op.iteration);
  value.set("line", op.pos.line);
  value.set("status", to_string(op.status));
  value.set("start_ns", op.start_ns);
  value.set("end_ns", op.end_ns);
  value.set("error", error_value(op.error));
  return value;
}

Value check_value(const engine::CheckRecord& check) {
  Value value = Value::object();
  value.set("name", check.name);
  value.set("verdict", engine::to_string(check.verdict));
  value.set("observed", check.observed);
  value.set("limit", check.limit);
  return value;
}

Value scheduler_event_value(const engine::SchedulerEvent& event) {
  Value value = Value::object();
  value.set("event", to_string(event.kind));
  value.set("scheduler", event.scheduler);
  value.set("at_ns", event.at_ns);
  if (event.kind == engine::SchedulerEventKind::kExit) {
    value.set("exit_kind", event.exit_kind);
    value.set("text", event.text);
    value.set("exit", exit_value(event));
  } else {
    value.set("took_ns", event.took_ns);
    value.set("gap_ns", event.gap_ns ? Value(*event.gap_ns) : Value());
  }
  return value;
}

} // namespace schedrig::report

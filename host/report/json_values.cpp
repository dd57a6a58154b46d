// SPDX-License-Identifier: MIT
#include "host/report/json_values.hpp"

#include <cstring>

#include <schedrig/scheduler_exit.hpp>

#include "host/report/names.hpp"
#include "host/text/hex.hpp"

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
  exit.set("snapshot", event.snapshot.empty() ? Value() : Value(event.snapshot));
  exit.set("snapshot_error", event.snapshot_error.empty() ? Value() : Value(event.snapshot_error));
  exit.set("snapshot_by", event.snapshot_by.empty() ? Value() : Value(event.snapshot_by));
  exit.set("no_watch", event.no_watch.empty() ? Value() : Value(event.no_watch));
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
  value.set("window", op.window == 0 ? Value() : Value(op.window));
  value.set("error", error_value(op.error));
  return value;
}

Value freeze_window_value(const engine::FreezeWindowRecord& window) {
  Value value = Value::object();
  value.set("id", window.id);
  value.set("step", window.step);
  value.set("ops", window.ops);
  value.set("at_ns", window.at_ns);
  value.set("frozen_ns", window.frozen_ns);
  return value;
}

Value watch_value(const engine::WatchRecord& watch) {
  Value value = Value::object();
  value.set("target", watch.target);
  value.set("step", watch.step);
  value.set("address", text::hex_number(watch.address));
  value.set("len", watch.bytes);
  value.set("hits", watch.hits);
  value.set("matches", watch.matches);
  Value& captures = value.set("captures", Value::array());
  for (const engine::WatchCaptureRecord& capture : watch.captures) {
    Value& entry = captures.push(Value::object());
    entry.set("hit", capture.hit);
    entry.set("at_ns", capture.at_ns);
    entry.set("vcpu", capture.vcpu);
    entry.set("pc", text::hex_number(capture.pc));
    entry.set("symbol", capture.symbol.empty() ? Value() : Value(capture.symbol));
    entry.set("value", capture.value);
    Value& callers = entry.set("callers", Value::array());
    for (const std::string& caller : capture.callers) {
      callers.push(caller);
    }
  }
  return value;
}

Value kernel_read_value(const engine::KernelReadRecord& read) {
  Value value = Value::object();
  value.set("tag", read.tag);
  value.set("target", read.target);
  value.set("at_ns", read.at_ns);
  value.set("window", read.window == 0 ? Value() : Value(read.window));
  if (const auto* bytes = std::get_if<BytesValue>(&read.value)) {
    value.set("bytes", text::format_hex_bytes(bytes->bytes));
  } else if (const auto* narrow = std::get_if<U32Value>(&read.value)) {
    value.set("u32", narrow->value);
  } else if (const auto* wide = std::get_if<U64Value>(&read.value)) {
    value.set("u64", wide->value);
  }
  return value;
}

Value failure_value(const std::optional<triage::Diagnosis>& failure) {
  if (!failure) {
    return Value();
  }
  Value value = Value::object();
  value.set("kind", triage::to_string(failure->kind));
  value.set("blame", triage::to_string(failure->blame));
  value.set("culprit", failure->culprit.empty() ? Value() : Value(failure->culprit));
  value.set("summary", failure->summary);
  Value& evidence = value.set("evidence", Value::array());
  for (const std::string& line : failure->evidence) {
    evidence.push(line);
  }
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

Value kernel_complaint_value(const engine::KernelComplaint& complaint) {
  Value value = Value::object();
  value.set("kind", engine::to_string(complaint.kind));
  value.set("at_ns", complaint.at_ns);
  value.set("text", complaint.text);
  Value& lines = value.set("lines", Value::array());
  for (const std::string& line : complaint.lines) {
    lines.push(line);
  }
  return value;
}

} // namespace schedrig::report

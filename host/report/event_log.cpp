// SPDX-License-Identifier: MIT
#include "host/report/event_log.hpp"

#include <algorithm>

#include "host/json/text.hpp"
#include "host/report/json_values.hpp"
#include "host/report/names.hpp"
#include "host/report/payloads.hpp"

namespace schedrig::report {

using json::Value;

Value EventLog::event(std::string_view name, std::int64_t at_ns) {
  last_ns_ = std::max(last_ns_, at_ns);
  Value line = Value::object();
  line.set("at_ns", at_ns);
  line.set("event", name);
  return line;
}

void EventLog::write(const Value& line) {
  write_(json::to_line(line) + "\n");
}

void EventLog::on_run(const engine::RunReport& report) {
  Value line = event("run", 0);
  line.set("schema", kEventSchema);
  line.set("name", report.name);
  line.set("config", report.config);
  line.set("backend", report.backend);
  line.set("scheduler", report.scheduler);
  line.set("seed", report.seed);
  line.set("topology", report.topology);
  write(line);
}

void EventLog::on_phase(std::string_view phase, std::int64_t at_ns) {
  Value line = event("phase", at_ns);
  line.set("phase", phase);
  write(line);
}

void EventLog::on_step(std::uint32_t number, std::uint32_t of, const engine::StepRecord& step) {
  step_ = number;
  holding_ = false;
  Value line = event("step_start", step.start_ns);
  line.set("step", number);
  line.set("of", of);
  line.set("name", step.name);
  write(line);
}

void EventLog::on_step_end(std::uint32_t number, const engine::StepRecord& step) {
  Value line = event("step_end", step.end_ns);
  line.set("step", number);
  line.set("name", step.name);
  line.set("verdict", engine::to_string(step.verdict));
  line.set("error", error_value(step.error));
  write(line);
}

void EventLog::on_op(const engine::OpRecord& op) {
  Value line = event("op", op.end_ns);
  line.set("step", step_);
  line.set("op", op_value(op));
  write(line);
}

void EventLog::on_freeze_window(const engine::FreezeWindowRecord& window) {
  Value line = event("freeze_window", window.at_ns);
  line.set("freeze_window", freeze_window_value(window));
  write(line);
}

// Progress between start and end is for a terminal: a line each 100 ms would bury the rest.
void EventLog::on_hold(std::int64_t start_ns, std::int64_t elapsed_ns, std::int64_t total_ns) {
  if (!holding_) {
    holding_ = true;
    Value line = event("hold_start", start_ns);
    line.set("step", step_);
    line.set("duration_ns", total_ns);
    write(line);
  }
  if (elapsed_ns >= total_ns) {
    Value line = event("hold_end", start_ns + elapsed_ns);
    line.set("step", step_);
    write(line);
  }
}

void EventLog::on_machine_event(const Event& event) {
  std::string_view name;
  switch (event.kind) {
  case EventKind::kConsoleLine:
    name = "console";
    break;
  case EventKind::kBootPhase:
    name = "boot";
    break;
  case EventKind::kSchedulerExit:
    return; // comes again as a scheduler event, judged
  case EventKind::kMachineFailed:
    name = "machine_failed";
    break;
  case EventKind::kNotice:
    name = "notice";
    break;
  }
  Value line = this->event(name, event.at_ns);
  if (event.kind == EventKind::kBootPhase) {
    line.set("since_boot_ns", event.value);
  }
  line.set("text", event.text);
  write(line);
}

void EventLog::on_scheduler_event(const engine::SchedulerEvent& event) {
  Value line = this->event("scheduler", event.at_ns);
  line.set("scheduler_event", scheduler_event_value(event));
  write(line);
}

void EventLog::on_kernel_complaint(const engine::KernelComplaint& complaint) {
  Value line = this->event("kernel_complaint", complaint.at_ns);
  line.set("kind", engine::to_string(complaint.kind));
  line.set("text", complaint.text);
  write(line);
}

void EventLog::on_payload_start(const engine::PayloadRecord& payload) {
  Value line = event("payload_start", payload.start_ns);
  line.set("name", payload.name);
  line.set("cgroup", payload.cgroup);
  line.set("pid", payload.pid);
  write(line);
}

void EventLog::on_payload_end(const engine::PayloadRecord& payload) {
  Value line = event("payload_end", payload.end_ns);
  line.set("payload", payload_value(payload));
  write(line);
}

void EventLog::on_end(const engine::RunReport& report) {
  for (const engine::CheckRecord& check : report.checks) {
    Value line = event("check", last_ns_);
    line.set("check", check_value(check));
    write(line);
  }
  Value line = event("verdict", last_ns_);
  line.set("verdict", engine::to_string(report.verdict));
  line.set("end", to_string(report.end));
  line.set("exit_code", engine::exit_code(report));
  line.set("cause", error_value(report.cause));
  write(line);
}

} // namespace schedrig::report

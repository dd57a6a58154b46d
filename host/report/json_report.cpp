// SPDX-License-Identifier: MIT
#include "host/report/json_report.hpp"

#include "host/json/text.hpp"
#include "host/json/value.hpp"
#include "host/report/json_values.hpp"
#include "host/report/names.hpp"
#include "host/report/payloads.hpp"
#include "host/report/sched_commands.hpp"

namespace schedrig::report {
namespace {

using json::Value;

Value step_value(const engine::StepRecord& step) {
  Value value = Value::object();
  value.set("name", step.name);
  value.set("verdict", engine::to_string(step.verdict));
  value.set("start_ns", step.start_ns);
  value.set("end_ns", step.end_ns);
  Value& ops = value.set("ops", Value::array());
  for (const engine::OpRecord& op : step.ops) {
    ops.push(op_value(op));
  }
  value.set("error", error_value(step.error));
  return value;
}

template <class Integers> Value integer_array(const Integers& integers) {
  Value value = Value::array();
  for (const auto integer : integers) {
    value.push(integer);
  }
  return value;
}

Value worker_value(const engine::WorkerRecord& worker) {
  Value value = Value::object();
  value.set("cgroup", worker.cgroup);
  value.set("step", worker.step);
  value.set("group", worker.group);
  value.set("worker", worker.worker);
  value.set("pid", worker.pid);
  value.set("type", work_type_info(worker.type).name);
  value.set("nice", worker.nice);
  value.set("started", worker.started);
  value.set("completed", worker.completed);
  value.set("wait_status", worker.wait_status);
  value.set("work_units", worker.work_units);
  value.set("iterations", worker.iterations);
  value.set("migrations", worker.migrations);
  value.set("start_ns", worker.start_ns);
  value.set("cpu_ns", worker.cpu_ns);
  value.set("wall_ns", worker.wall_ns);
  value.set("run_delay_ns", worker.run_delay_ns);
  value.set("cpus_used", integer_array(worker.cpus_used));
  value.set("cpus_since_limited",
            worker.cpus_since_limited ? integer_array(*worker.cpus_since_limited) : Value());
  value.set("cpus_permitted", integer_array(worker.cpus_permitted));
  Value& gaps = value.set("gaps", Value::array());
  for (const Gap& gap : worker.gaps) {
    Value& entry = gaps.push(Value::object());
    entry.set("start_ns", gap.start_ns);
    entry.set("length_ns", gap.length_ns);
    entry.set("cpu", gap.cpu);
  }
  Value& latency = value.set("wake_latency", Value());
  if (worker.wake_latency) {
    latency = Value::object();
    latency.set("count", worker.wake_latency->count);
    latency.set("p50_ns", worker.wake_latency->p50_ns);
    latency.set("p99_ns", worker.wake_latency->p99_ns);
    latency.set("max_ns", worker.wake_latency->max_ns);
  }
  Value& frozen = value.set("frozen", Value::array());
  for (const engine::Interval& interval : worker.frozen) {
    Value& entry = frozen.push(Value::object());
    entry.set("start_ns", interval.start_ns);
    entry.set("end_ns", interval.end_ns);
  }
  return value;
}

Value ring_value(const engine::RingRecord& ring) {
  Value value = Value::object();
  value.set("doorbells", ring.doorbells);
  value.set("submitted", ring.submitted);
  value.set("completed", ring.completed);
  value.set("failed", ring.failed);
  value.set("canceled", ring.canceled);
  value.set("stalls", ring.stalls);
  value.set("largest_batch", ring.largest_batch);
  value.set("uncollected", ring.uncollected);
  value.set("fault", ring.fault.empty() ? Value() : Value(ring.fault));
  return value;
}

Value sample_value(const engine::MonitorSample& sample) {
  Value value = Value::object();
  value.set("at_ns", sample.at_ns);
  Value& cpus = value.set("cpus", Value::array());
  for (const engine::MonitoredCpu& cpu : sample.cpus) {
    Value& entry = cpus.push(Value::object());
    entry.set("cpu", cpu.cpu);
    entry.set("nr_running", cpu.nr_running);
    entry.set("local_depth", cpu.local_depth);
    entry.set("clock_ns", cpu.clock_ns);
    entry.set("idle", cpu.idle);
  }
  value.set("deepest", sample.deepest);
  value.set("deepest_queue", sample.deepest_queue.empty() ? Value() : Value(sample.deepest_queue));
  value.set("longest_wait_ns", sample.longest_wait);
  Value& counters = value.set("counters", Value::object());
  for (const auto& [name, count] : sample.counters) {
    counters.set(name, count);
  }
  return value;
}

Value monitor_value(const std::optional<engine::MonitorRecord>& monitor) {
  if (!monitor) {
    return Value();
  }
  Value value = Value::object();
  value.set("schema", "schedrig.monitor/1");
  value.set("period_ns", monitor->period_ns);
  value.set("taken", monitor->taken);
  value.set("unreadable", monitor->unreadable);
  value.set("error", monitor->error.empty() ? Value() : Value(monitor->error));
  Value& samples = value.set("samples", Value::array());
  for (const engine::MonitorSample& sample : monitor->samples) {
    samples.push(sample_value(sample));
  }
  return value;
}

} // namespace

std::string json_document(const engine::RunReport& report) {
  Value document = Value::object();
  document.set("schema", kJsonSchema);
  document.set("verdict", engine::to_string(report.verdict));
  document.set("end", to_string(report.end));
  document.set("exit_code", engine::exit_code(report));
  document.set("cause", error_value(report.cause));
  document.set("failure", failure_value(report.failure));
  document.set("name", report.name);
  document.set("config", report.config);
  document.set("backend", report.backend);
  document.set("scheduler", report.scheduler);
  document.set("seed", report.seed);
  document.set("topology", report.topology);
  document.set("start", report.start ? Value(engine::to_string(*report.start)) : Value());
  Value& machine = document.set("machine", Value::object());
  for (const auto& [key, fact] : report.machine) {
    machine.set(key, fact);
  }
  document.set("backdrop", step_value(report.backdrop));
  Value& steps = document.set("steps", Value::array());
  for (const engine::StepRecord& step : report.steps) {
    steps.push(step_value(step));
  }
  Value& procs = document.set("cgroup_procs", Value::array());
  for (const engine::CgroupProcs& capture : report.cgroup_procs) {
    Value& entry = procs.push(Value::object());
    entry.set("tag", capture.tag);
    entry.set("cgroup", capture.cgroup);
    entry.set("pids", integer_array(capture.pids));
  }
  Value& reads = document.set("kernel_reads", Value::array());
  for (const engine::KernelReadRecord& read : report.kernel_reads) {
    reads.push(kernel_read_value(read));
  }
  Value& windows = document.set("freeze_windows", Value::array());
  for (const engine::FreezeWindowRecord& window : report.freeze_windows) {
    windows.push(freeze_window_value(window));
  }
  Value& watches = document.set("watches", Value::array());
  for (const engine::WatchRecord& watch : report.watches) {
    watches.push(watch_value(watch));
  }
  Value& snapshots = document.set("snapshots", Value::array());
  for (const engine::SnapshotRecord& snapshot : report.snapshots) {
    Value& entry = snapshots.push(Value::object());
    entry.set("name", snapshot.name);
    entry.set("trigger", snapshot.trigger);
    entry.set("file", snapshot.file.empty() ? Value() : Value(snapshot.file));
    entry.set("at_ns", snapshot.at_ns);
    entry.set("window", snapshot.window);
  }
  Value& events = document.set("scheduler_events", Value::array());
  for (const engine::SchedulerEvent& event : report.scheduler_events) {
    events.push(scheduler_event_value(event));
  }
  Value& workers = document.set("workers", Value::array());
  for (const engine::WorkerRecord& worker : report.workers) {
    workers.push(worker_value(worker));
  }
  document.set("payloads", payloads_value(report.payloads));
  document.set("metrics", metrics_value(report.payloads));
  Value& requests = document.set("guest_requests", Value::object());
  requests.set("answered", report.guest_requests.answered);
  requests.set("refused", report.guest_requests.refused);
  if (report.ring) {
    document.set("ring", ring_value(*report.ring));
  }
  document.set("sched_commands", sched_commands_value(report));
  document.set("shutdown", shutdown_value(report));
  Value& complaints = document.set("kernel_log", Value::array());
  for (const engine::KernelComplaint& complaint : report.kernel_log) {
    complaints.push(kernel_complaint_value(complaint));
  }
  document.set("monitor", monitor_value(report.monitor));
  Value& checks = document.set("checks", Value::array());
  for (const engine::CheckRecord& check : report.checks) {
    checks.push(check_value(check));
  }
  return json::to_document(document);
}

} // namespace schedrig::report

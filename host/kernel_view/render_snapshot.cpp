// SPDX-License-Identifier: MIT
#include <map>
#include <string>
#include <string_view>

#include "host/kernel_view/kernel_snapshot.hpp"
#include "host/kernel_view/render_bpf.hpp"
#include "host/kernel_view/render_vcpu.hpp"
#include "host/text/cpulist.hpp"

namespace schedrig::kernel_view {
namespace {

using json::Value;

template <class T, class Render> Value part(const Result<std::vector<T>>& items, Render&& render) {
  if (!items) {
    return error_value(items.error());
  }
  Value list = Value::array();
  for (const T& item : *items) {
    list.push(render(item));
  }
  return list;
}

Value cpu_value(const CpuFacts& cpu) {
  Value value = Value::object();
  value.set("cpu", cpu.cpu);
  value.set("nr_running", cpu.nr_running);
  value.set("nr_switches", cpu.nr_switches);
  value.set("clock_ns", cpu.clock_ns);
  value.set("clock_task_ns", cpu.clock_task_ns);
  Value& current = value.set("curr", Value::object());
  current.set("pid", cpu.curr_pid);
  current.set("comm", cpu.curr_comm);
  value.set("rt_nr_running", cpu.rt_nr_running);
  value.set("dl_nr_running", cpu.dl_nr_running);
  if (cpu.scx) {
    Value& scx = value.set("scx", Value::object());
    scx.set("nr_running", cpu.scx->nr_running);
    scx.set("flags", cpu.scx->flags);
    scx.set("clock", cpu.scx->clock);
  }
  Value& times = value.set("time_ns", Value::object());
  for (const CpuTime& time : cpu.times) {
    times.set(time.state, time.ns);
  }
  return value;
}

// What tasks point to, by address.
struct Context {
  std::map<std::uint64_t, std::string> cgroups;
  std::map<std::uint32_t, std::uint64_t> clocks; // of run queues
};

Value task_value(const TaskFacts& task, const Context& context) {
  Value value = Value::object();
  value.set("pid", task.pid);
  value.set("tgid", task.tgid);
  value.set("comm", task.comm);
  value.set("start_ns", task.start_ns);
  value.set("state", task.state);
  value.set("exit_state", task.exit_state);
  value.set("flags", task.flags);
  value.set("cpu", task.cpu);
  value.set("policy", task.policy);
  value.set("prio", task.prio);
  value.set("nice", task.static_prio - 120);
  value.set("class", task.sched_class);
  value.set("weight", task.weight);
  value.set("on_rq", task.on_rq);
  value.set("on_cpu", task.on_cpu);
  const auto clock = context.clocks.find(task.cpu);
  const bool waits =
      task.queued_ns != 0 && clock != context.clocks.end() && clock->second >= task.queued_ns;
  value.set("waiting_ns", waits ? Value(clock->second - task.queued_ns) : Value());
  const auto cgroup = context.cgroups.find(task.cgroup);
  value.set("cpus_allowed",
            task.cpus_allowed.empty() ? Value() : Value(text::format_cpulist(task.cpus_allowed)));
  value.set("cgroup", cgroup == context.cgroups.end() ? Value() : Value(cgroup->second));
  if (task.scx) {
    Value& scx = value.set("scx", Value::object());
    scx.set("dsq", task.scx->dsq_id ? Value(*task.scx->dsq_id) : Value());
    scx.set("weight", task.scx->weight);
    scx.set("runnable_at", task.scx->runnable_at);
    scx.set("on_runnable_list", task.scx->on_runnable_list);
  }
  return value;
}

Value dsq_value(const DsqFacts& dsq) {
  Value value = Value::object();
  value.set("kind", to_string(dsq.kind));
  value.set("id", dsq.id);
  value.set(dsq.kind == DsqKind::kGlobal ? "node" : "cpu", dsq.owner ? Value(*dsq.owner) : Value());
  value.set("scheduler", dsq.scheduler.empty() ? Value() : Value(dsq.scheduler));
  value.set("nr", dsq.nr);
  value.set("order", dsq.by_vtime ? "vtime" : "fifo");
  Value& tasks = value.set("tasks", Value::array());
  for (const QueuedTask& queued : dsq.tasks) {
    Value& task = tasks.push(Value::object());
    task.set("pid", queued.pid);
    task.set("vtime", queued.vtime);
  }
  return value;
}

Context context_of(const KernelSnapshot& snapshot) {
  Context context;
  if (snapshot.cgroups) {
    for (const CgroupFacts& cgroup : *snapshot.cgroups) {
      context.cgroups.emplace(cgroup.address, cgroup.path);
    }
  }
  if (snapshot.cpus) {
    for (const CpuFacts& cpu : *snapshot.cpus) {
      context.clocks.emplace(cpu.cpu, cpu.clock_ns);
    }
  }
  return context;
}

Value cgroup_value(const CgroupFacts& cgroup) {
  Value value = Value::object();
  value.set("path", cgroup.path);
  value.set("level", cgroup.level);
  value.set("populated", cgroup.populated);
  value.set("frozen", cgroup.frozen);
  return value;
}

} // namespace

Value render_snapshot(const KernelView& view, const KernelSnapshot& snapshot) {
  const CodeNames names(view);
  kernel::RenderOptions options;
  options.name_of_pointer = [&](std::uint64_t pointer) { return names.of(pointer); };
  const Context context = context_of(snapshot);
  Value document = Value::object();
  document.set("schema", 1);
  document.set("vcpus", part(snapshot.vcpus,
                             [&](const VcpuSnapshot& vcpu) { return vcpu_value(vcpu, names); }));
  document.set("cpus", part(snapshot.cpus, cpu_value));
  document.set("tasks", part(snapshot.tasks,
                             [&](const TaskFacts& task) { return task_value(task, context); }));
  document.set("dsqs", part(snapshot.dsqs, dsq_value));
  document.set("cgroups", part(snapshot.cgroups, cgroup_value));
  document.set("bpf_maps", part(snapshot.maps, map_value));
  document.set("maps", map_values(snapshot, view.facts().types, options));
  document.set("bpf_programs", part(snapshot.programs, program_value));
  return document;
}

} // namespace schedrig::kernel_view

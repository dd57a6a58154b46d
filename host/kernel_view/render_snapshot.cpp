// SPDX-License-Identifier: MIT
#include <map>
#include <string>
#include <string_view>

#include "host/kernel/btf_render.hpp"
#include "host/kernel_view/kernel_snapshot.hpp"
#include "host/kernel_view/render_vcpu.hpp"
#include "host/text/hex.hpp"

namespace schedrig::kernel_view {
namespace {

using json::Value;

Value error_value(const Error& error) {
  Value value = Value::object();
  value.set("error", error.message);
  return value;
}

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

Value program_value(const ProgramFacts& program) {
  Value value = Value::object();
  value.set("id", program.id);
  value.set("name", program.name);
  value.set("type", program.type);
  value.set("jited_bytes", program.jited_bytes);
  return value;
}

Value map_facts(const MapSnapshot& map) {
  Value value = Value::object();
  value.set("id", map.facts.id);
  value.set("name", map.facts.name);
  value.set("type", map.facts.type);
  value.set("key_bytes", map.facts.key_bytes);
  value.set("value_bytes", map.facts.value_bytes);
  value.set("max_entries", map.facts.max_entries);
  value.set("flags", map.facts.flags);
  return value;
}

class MapValues {
 public:
  MapValues(const MapSnapshot& map, const kernel::RenderOptions& options)
      : map_(map), options_(options) {
    if (map.facts.btf != 0 && map.types) {
      types_ = kernel::BtfTypes::read(std::as_bytes(std::span(*map.types)));
    }
  }

  Value render() const {
    if (!map_.entries) {
      return error_value(map_.entries.error());
    }
    const MapEntries& entries = *map_.entries;
    if (!entries.known) {
      return {};
    }
    const bool is_section = types_ && map_.facts.key_type == 0 && entries.all.size() == 1;
    if (is_section) {
      return value_of(entries.all.front());
    }
    constexpr std::uint32_t kArray = 2;
    constexpr std::uint32_t kPerCpuArray = 6;
    const bool is_array = map_.facts.type == kArray || map_.facts.type == kPerCpuArray;
    Value list = Value::array();
    for (const MapEntry& entry : entries.all) {
      if (is_array) {
        list.push(value_of(entry));
        continue;
      }
      Value& pair = list.push(Value::object());
      pair.set("key", render_bytes(map_.facts.key_type, entry.key));
      pair.set("value", value_of(entry));
    }
    if (entries.cut) {
      list.push("...");
    }
    return list;
  }

 private:
  // Without types: a number where it can be one, else its bytes.
  Value render_bytes(kernel::TypeId type, const std::vector<std::uint8_t>& bytes) const {
    if (types_ && type != 0) {
      return types_->render(type, bytes, options_);
    }
    if (bytes.size() > sizeof(std::uint64_t)) {
      return Value(text::format_hex_bytes(bytes));
    }
    std::uint64_t number = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) {
      number = (number << 8U) | bytes[i];
    }
    return Value(number);
  }

  Value value_of(const MapEntry& entry) const {
    if (entry.values.size() == 1) {
      return render_bytes(map_.facts.value_type, entry.values.front());
    }
    Value cpus = Value::array();
    for (const auto& value : entry.values) {
      cpus.push(render_bytes(map_.facts.value_type, value));
    }
    return cpus;
  }

  const MapSnapshot& map_;
  const kernel::RenderOptions& options_;
  Result<kernel::BtfTypes> types_ = fail(StatusCode::kNotFound, "no types");
};

// By name; of several maps of one name the one with the lowest id, as targets take it.
Value map_values(const Result<std::vector<MapSnapshot>>& maps,
                 const kernel::RenderOptions& options) {
  if (!maps) {
    return error_value(maps.error());
  }
  Value values = Value::object();
  for (const MapSnapshot& map : *maps) {
    if (values.find(map.facts.name) == nullptr) {
      values.set(map.facts.name, MapValues(map, options).render());
    }
  }
  return values;
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
  document.set("cgroups", part(snapshot.cgroups, cgroup_value));
  document.set("bpf_maps", part(snapshot.maps, map_facts));
  document.set("maps", map_values(snapshot.maps, options));
  document.set("bpf_programs", part(snapshot.programs, program_value));
  return document;
}

} // namespace schedrig::kernel_view

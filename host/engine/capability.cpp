// SPDX-License-Identifier: MIT
#include "host/engine/capability.hpp"

#include <algorithm>

#include <schedrig/affinity.hpp>
#include <schedrig/mem_policy.hpp>
#include <schedrig/payloads.hpp>

#include "host/engine/monitor.hpp"
#include "host/engine/ops_affinity.hpp"
#include "host/text/size.hpp"

namespace schedrig::engine {
namespace {

// What a backend offers whose machines run the image that it was given, or bring one (KernelFacet):
// the host looks into it.
constexpr std::string_view kKernel = "schedrig.kernel/1";
// The facets that are behind looking into the guest's kernel while it runs, and for whole pictures.
constexpr std::string_view kMemory = "schedrig.memory/1 schedrig.kernel/1";
constexpr std::string_view kSnapshots = "schedrig.memory/1 schedrig.freeze/1 schedrig.kernel/1";
// The monitor looks while the machine runs.
constexpr std::string_view kMonitor = kMemory;

class Collect final : public FactSink {
 public:
  explicit Collect(Facets& facets) : facets_(facets) {}
  void on_fact(std::string_view key, std::string_view value) noexcept override {
    facets_.emplace(key, value);
  }

 private:
  Facets& facets_;
};

class Finder {
 public:
  Finder(std::string_view backend, const Facets& facets) : backend_(backend), facets_(facets) {}

  void op(const Op& op) {
    const OpInfo& info = op_info(op.body);
    need("op " + std::string(info.name), info.facets, op.pos, "kind");
    if (const auto* spawn = std::get_if<Spawn>(&op.body)) {
      placement(spawn->work, op.pos);
    } else if (const auto* made = std::get_if<AddCgroupDef>(&op.body)) {
      works(made->def);
      payload_of(made->def);
    }
  }

  void cgroup(const CgroupDef& def) {
    need("cgroup \"" + def.name + "\"", "schedrig.files/1", def.pos, "name");
    if (!def.work.empty()) {
      need("the workers of cgroup \"" + def.name + "\"", "schedrig.tasks/1", def.pos, "work");
    }
    works(def);
    payload_of(def);
  }

  void hold(const Step& step) {
    if (std::holds_alternative<HoldUntil>(step.hold)) {
      need("hold wait_until of step \"" + step.name + "\"", kMemory, step.pos, "hold");
    }
  }

  void observe(const ObserveConfig& config) {
    if (config.snapshots) {
      need("[observe] snapshots", kSnapshots, config.pos, "snapshots");
    }
    if (config.monitor_ns) {
      need("[observe] monitor", kMonitor, config.pos, "monitor");
    }
  }

  void checks(const ChecksConfig& config) {
    if (config.work_conservation_ns) {
      need("check work_conservation", kMonitor, config.pos, "work_conservation");
    }
    if (needs_monitor(config)) {
      need("a check of what the monitor samples", kMonitor, config.pos, "max_imbalance_ratio");
    }
    for (const ValueCheck& value : config.values) {
      need("a check of the value " + value.path, kSnapshots, value.pos, "path");
    }
  }

  [[nodiscard]] std::vector<Missing> take() { return std::move(missing_); }

 private:
  void payload_of(const CgroupDef& def) {
    if (!def.payload.empty()) {
      need("the payload of cgroup \"" + def.name + "\"", PayloadsFacet::kInterfaceId, def.pos,
           "payload");
    }
  }

  void works(const CgroupDef& def) {
    for (const WorkGroup& work : def.work) {
      placement(work, def.pos);
    }
  }

  // `around` is the table that the group is in.
  void placement(const WorkGroup& work, SourcePos around) {
    const SourcePos pos = work.pos.line == 0 ? around : work.pos;
    if (work.mem_policy.mode != MemPolicyMode::kDefault) {
      need("mem_policy", MemPolicyFacet::kInterfaceId, pos, "mem_policy");
    }
    if (needs_pinning(work.affinity)) {
      need("an affinity other than inherit and exact", AffinityFacet::kInterfaceId, pos,
           "affinity");
    }
  }

  void need(const std::string& who, std::string_view ids, SourcePos pos, std::string_view key) {
    while (!ids.empty()) {
      const std::size_t space = std::min(ids.find(' '), ids.size());
      const std::string_view id = ids.substr(0, space);
      ids.remove_prefix(std::min(space + 1, ids.size()));
      const auto found = facets_.find(id);
      if (found != facets_.end() && found->second.empty()) {
        continue;
      }
      missing_.push_back(
          {.pos = pos,
           .key = key,
           .message = who + " needs " + std::string(id) + ", which backend \"" +
                      std::string(backend_) +
                      (found == facets_.end() ? "\" does not have"
                                              : "\" does not have here: " + found->second),
           .help = "`schedrig plugins --verbose` lists what each backend can do"});
    }
  }

  std::string_view backend_;
  const Facets& facets_;
  std::vector<Missing> missing_;
};

} // namespace

Facets read_facets(Backend& backend) {
  Facets facets;
  Collect collect(facets);
  backend.facets(collect);
  BackendInfo info;
  backend.info(&info);
  if (info.needs_kernel_image != 0) {
    facets.emplace(kKernel, "");
  }
  return facets;
}

std::vector<Missing> exceeded_limits(const Scenario& scenario, std::string_view backend_id,
                                     const BackendInfo& info) {
  std::vector<Missing> exceeded;
  const MachineConfig& machine = scenario.machine;
  const std::uint32_t cpus = cpu_count(machine.topology.view());
  if (cpus > info.max_cpus) {
    exceeded.push_back({.pos = machine.pos,
                        .key = "topology",
                        .message = "the topology has " + std::to_string(cpus) +
                                   " CPUs, backend \"" + std::string(backend_id) + "\" offers " +
                                   std::to_string(info.max_cpus),
                        .help = "make the topology smaller, or use another backend"});
  }
  const std::uint64_t memory = machine.memory_bytes;
  const bool too_small = memory < info.min_memory_bytes;
  if (too_small || (info.max_memory_bytes != 0 && memory > info.max_memory_bytes)) {
    exceeded.push_back(
        {.pos = machine.pos,
         .key = "memory",
         .message = "the machine has " + text::format_size(memory) + " of memory, backend \"" +
                    std::string(backend_id) + "\" " +
                    (too_small ? "needs at least " : "offers at most ") +
                    text::format_size(too_small ? info.min_memory_bytes : info.max_memory_bytes),
         .help = "change the machine's memory, or use another backend"});
  }
  return exceeded;
}

std::vector<Missing> missing_capabilities(const Scenario& scenario, std::string_view backend_id,
                                          const BackendInfo& info, const Facets& facets) {
  Finder finder(backend_id, facets);
  for (const CgroupDef& def : scenario.backdrop.cgroups) {
    finder.cgroup(def);
  }
  for (const Op& op : scenario.backdrop.ops) {
    finder.op(op);
  }
  for (const Step& step : scenario.steps) {
    for (const Op& op : step.ops) {
      finder.op(op);
    }
    for (const CgroupDef& def : step.setup) {
      finder.cgroup(def);
    }
    finder.hold(step);
  }
  finder.observe(scenario.observe);
  finder.checks(scenario.checks);
  auto missing = finder.take();
  const auto limits = exceeded_limits(scenario, backend_id, info);
  missing.insert(missing.end(), limits.begin(), limits.end());
  return missing;
}

bool looks_into_kernel(const Scenario& scenario) {
  const auto looks = [](const Op& op) {
    return op_info(op.body).facets.find(kKernel) != std::string_view::npos;
  };
  const auto step_looks = [&](const Step& step) {
    return std::holds_alternative<HoldUntil>(step.hold) || std::ranges::any_of(step.ops, looks);
  };
  return scenario.observe.snapshots || monitor_period(scenario) ||
         std::ranges::any_of(scenario.backdrop.ops, looks) ||
         std::ranges::any_of(scenario.steps, step_looks);
}

} // namespace schedrig::engine

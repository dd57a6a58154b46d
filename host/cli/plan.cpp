// SPDX-License-Identifier: MIT
#include "host/cli/plan.hpp"

#include <cstdio>
#include <numeric>
#include <vector>

#include "host/config/spell.hpp"
#include "host/engine/cold_run.hpp"
#include "host/engine/cpuset.hpp"
#include "host/engine/hold.hpp"
#include "host/engine/workers.hpp"
#include "host/text/duration.hpp"
#include "host/text/quote.hpp"
#include "host/text/size.hpp"

namespace schedrig::cli {
namespace {

using config::Node;

class Writer {
 public:
  Writer(const PreparedRun& prepared, const RunOptions& options)
      : prepared_(prepared), scenario_(prepared.scenario), options_(options),
        topology_(scenario_.machine.topology.view()), cpus_(cpu_count(topology_)) {
    std::iota(cpus_.begin(), cpus_.end(), 0U);
  }

  std::string run() {
    sources();
    machine();
    const Node* backdrop = prepared_.document.find("backdrop");
    if (!scenario_.backdrop.cgroups.empty() || !scenario_.backdrop.ops.empty()) {
      text_ += "backdrop\n";
      cgroups(scenario_.backdrop.cgroups);
      ops(scenario_.backdrop.ops, backdrop);
    }
    const Node* steps_node = prepared_.document.find("step");
    for (std::size_t i = 0; i < scenario_.steps.size(); ++i) {
      step(i, steps_node == nullptr ? nullptr : &steps_node->items[i]);
    }
    checks();
    const ReportPaths reports = options_.reports.with_config(scenario_.report, scenario_.run.name);
    text_ += "report    " + (reports.takes_stdout() ? std::string() : "summary on stdout");
    std::string_view separator = reports.takes_stdout() ? "" : ", ";
    for (const ReportFormatInfo& info : kReportFormats) {
      if (const std::string& path = reports[info.format]; !path.empty()) {
        text_ += std::string(separator) + std::string(info.label) +
                 (path == "-" ? " on stdout" : " in " + path);
        separator = ", ";
      }
    }
    text_ += "\n";
    return std::move(text_);
  }

 private:
  void sources() {
    for (const config::Source& source : prepared_.sources) {
      if (source.kind == config::SourceKind::kScheduler) {
        continue; // its checks stand among the others
      }
      const bool set = source.kind == config::SourceKind::kSet;
      text_ += std::string(set                                           ? "set       "
                           : source.kind == config::SourceKind::kOverlay ? "overlay   "
                                                                         : "config    ") +
               (set ? source.text : source.name) + "\n";
    }
  }

  void machine() {
    const RunConfig& run = scenario_.run;
    text_ += "backend   " + prepared_.backend->id + "\n";
    text_ += "machine   " + to_string(topology_) + ", CPUs " + engine::to_cpulist(cpus_) + ", " +
             text::format_size(scenario_.machine.memory_bytes) +
             (prepared_.kernel_image.empty() ? "" : ", kernel " + prepared_.kernel_image) + "\n";
    text_ += "scheduler " + prepared_.scenario.run.scheduler + "\n";
    text_ += "duration  " + text::format_duration(run.duration_ns) + ", deadline " +
             text::format_duration(run.deadline_ns) + ", seed " + std::to_string(run.seed) + "\n";
  }

  void step(std::size_t index, const Node* node) {
    const Step& step = scenario_.steps[index];
    text_ += "step " + std::to_string(index + 1) + "/" + std::to_string(scenario_.steps.size()) +
             " " + step.name + "\n";
    const engine::HoldPlan hold = engine::plan(step.hold, scenario_.run.duration_ns);
    const bool loops = hold.every_ns > 0;
    if (loops) { // its setup is made once, before its ops
      cgroups(step.setup);
    }
    ops(step.ops, node);
    if (!loops) {
      cgroups(step.setup);
    }
    if (hold.duration_ns > 0) {
      text_ += "  hold " + text::format_duration(hold.duration_ns) +
               (loops ? ", the ops every " + text::format_duration(hold.every_ns) : "") + "\n";
    }
  }

  [[nodiscard]] std::vector<std::uint32_t> resolved(const std::optional<CpusetSpec>& spec) const {
    if (!spec) {
      return cpus_;
    }
    return engine::resolve(*spec, topology_, cpus_).value_or(std::vector<std::uint32_t>{});
  }

  void cgroups(const std::vector<CgroupDef>& defs) {
    for (const CgroupDef& def : defs) {
      text_ += "  cgroup " + def.name + describe(def) + "\n";
    }
  }

  [[nodiscard]] std::string describe(const CgroupDef& def) const {
    const auto cpus = resolved(def.cpuset);
    std::string text =
        ": " + std::string(def.cpuset ? "CPUs " : "all CPUs, ") + engine::to_cpulist(cpus);
    for (const WorkGroup& group : def.work) {
      text += "; " + std::to_string(engine::worker_count(group, cpus.size())) + " x " +
              std::string(work_type_info(group.type).name);
    }
    return text;
  }

  // The op as the config has it; what it resolves to behind that.
  void ops(const std::vector<Op>& ops, const Node* owner) {
    const Node* list = owner == nullptr ? nullptr : owner->find("op");
    std::size_t window_end = 0;
    for (std::size_t i = 0; i < ops.size(); ++i) {
      if (const std::size_t shared = engine::cold_run(std::span(ops).subspan(i));
          shared > 1 && i >= window_end) {
        window_end = i + shared;
        text_ += "  ops " + std::to_string(i + 1) + " to " + std::to_string(window_end) +
                 " share one freeze window\n";
      }
      text_ += "  op " + std::to_string(i + 1) + " " + std::string(op_info(ops[i].body).name);
      if (list != nullptr && i < list->items.size()) {
        for (const config::Member& member : list->items[i].members) {
          text_ += member.key == "kind"
                       ? ""
                       : " " + member.key + "=" + config::spell_value(member.value);
        }
      }
      if (const auto* set = std::get_if<SetCpuset>(&ops[i].body)) {
        text_ += ": CPUs " + engine::to_cpulist(resolved(set->cpus));
      } else if (const auto* add = std::get_if<AddCgroupDef>(&ops[i].body)) {
        text_ += describe(add->def);
      }
      text_ += "\n";
    }
  }

  void checks() {
    const Node* node = prepared_.document.find("checks");
    std::string list = scenario_.checks.not_stuck ? " not_stuck" : "";
    list += scenario_.checks.isolation ? " isolation" : "";
    for (std::size_t i = 0; node != nullptr && i < node->members.size(); ++i) {
      const config::Member& member = node->members[i];
      if (member.value.type != config::NodeType::kBool) {
        list += " " + member.key + "=" + config::spell_value(member.value);
      }
    }
    text_ += "checks   " + (list.empty() ? " none" : list) + "\n";
  }

  const PreparedRun& prepared_;
  const Scenario& scenario_;
  const RunOptions& options_;
  TopologyView topology_;
  std::vector<std::uint32_t> cpus_;
  std::string text_;
};

} // namespace

std::string plan_text(const PreparedRun& prepared, const RunOptions& options) {
  return Writer(prepared, options).run();
}

int print_plan(const RunOptions& options, bool several_runs, const Globals& globals) {
  if (const auto writable = check_report_paths(options.reports, several_runs); !writable) {
    return end_without_run(options, report_error(writable.error(), kExitUsage));
  }
  PreparedRun prepared;
  if (const int code = prepare_run(options, globals, &prepared); code != kExitPass) {
    return end_without_run(options, code);
  }
  constexpr std::size_t kLongestLine = 4096;
  std::fputs(text::shown_lines(plan_text(prepared, options), kLongestLine).c_str(), stdout);
  return kExitPass;
}

} // namespace schedrig::cli

// SPDX-License-Identifier: MIT
#include "tests/contract/requirements.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <sstream>
#include <variant>

#include <schedrig/vcpu_control.hpp>

#include "host/engine/capability.hpp"
#include "tests/contract/op_cases_payload.hpp"

namespace schedrig::contract {
namespace {

constexpr std::array<std::string_view, 5> kControllers = {"cpuset", "cpu", "io", "memory", "pids"};

struct Needs {
  std::set<std::string_view> controllers;
  bool shape = false;
  bool interrupts = false;
  bool vcpu_control = false;
};

void add(const WorkGroup& work, Needs& needs) {
  needs.shape = needs.shape || !std::holds_alternative<InheritAffinity>(work.affinity);
}

void add(const CgroupDef& def, Needs& needs) {
  const std::pair<std::string_view, bool> knobs[] = {{"cpuset", def.cpuset.has_value()},
                                                     {"cpu", def.cpu_weight || def.cpu_max},
                                                     {"memory", def.memory_max || def.memory_high},
                                                     {"io", def.io_weight.has_value()},
                                                     {"pids", def.pids_max.has_value()}};
  for (const auto& [controller, used] : knobs) {
    if (used) {
      needs.controllers.insert(controller);
    }
  }
  needs.shape = needs.shape || def.cpuset;
  for (const WorkGroup& work : def.work) {
    add(work, needs);
  }
}

void add(const OpBody& body, Needs& needs) {
  if (const auto* made = std::get_if<AddCgroupDef>(&body)) {
    add(made->def, needs);
  } else if (const auto* spawn = std::get_if<Spawn>(&body)) {
    add(spawn->work, needs);
  } else if (std::holds_alternative<SetAffinity>(body)) {
    needs.shape = true;
  } else if (std::holds_alternative<SchedCommand>(body) ||
             std::holds_alternative<RaiseEvent>(body)) {
    needs.vcpu_control = needs.shape = true;
  } else if (std::holds_alternative<SteerIrq>(body)) {
    needs.interrupts = needs.shape = true;
  } else if (std::holds_alternative<SetCpuset>(body) || std::holds_alternative<ClearCpuset>(body) ||
             std::holds_alternative<SwapCpusets>(body)) {
    needs.controllers.insert("cpuset");
    needs.shape = true;
  }
}

Needs needs_of(const Scenario& scenario) {
  Needs needs;
  for (const CgroupDef& def : scenario.backdrop.cgroups) {
    add(def, needs);
  }
  for (const Op& op : scenario.backdrop.ops) {
    add(op.body, needs);
  }
  for (const Step& step : scenario.steps) {
    for (const Op& op : step.ops) {
      add(op.body, needs);
    }
  }
  return needs;
}

// Controller files are called after their controller; the others are every cgroup's.
Needs needs_of(const FileCase& one) {
  Needs needs;
  std::vector<FileStep> steps = one.before;
  steps.push_back(one.step);
  for (const FileStep& step : steps) {
    const std::string_view file =
        std::string_view(step.path).substr(step.path.find_last_of('/') + 1);
    const auto controller =
        std::ranges::find(kControllers, file.substr(0, std::min(file.find('.'), file.size())));
    if (controller != kControllers.end()) {
      needs.controllers.insert(*controller);
    }
    needs.shape = needs.shape || file.starts_with("cpuset.") ||
                  step.path.starts_with("/sys/devices/system/cpu/");
    needs.interrupts = needs.interrupts || step.path.starts_with("/proc/irq/");
    if (file == "cgroup.controllers" && step.kind == FileOpKind::kRead) {
      needs.controllers.insert(kControllers.begin(), kControllers.end());
    }
    std::istringstream words(step.data);
    for (std::string word; words >> word;) {
      const auto named = std::ranges::find(kControllers, word.substr(1));
      if (file == "cgroup.subtree_control" && named != kControllers.end()) {
        needs.controllers.insert(*named);
      }
    }
  }
  return needs;
}

std::vector<WorkType> types_of(const OpCase& one) {
  std::vector<WorkType> types;
  std::vector<OpBody> bodies = one.before;
  bodies.push_back(one.body);
  for (const OpBody& body : bodies) {
    if (const auto* spawn = std::get_if<Spawn>(&body)) {
      types.push_back(spawn->work.type);
    }
  }
  return types;
}

// Asked of the machine: whether it spawns one group.
std::string try_type(WorkType type, TasksFacet& tasks) {
  struct Nobody final : PidSink, WorkerReportSink {
    void on_pid(std::uint32_t /*worker*/, std::int32_t /*pid*/) noexcept override {}
    void on_report(const WorkerReport& /*report*/) noexcept override {}
  } nobody;
  WorkSpec spec = default_work(type);
  const WorkPhase spin{.kind = PhaseKind::kSpin, .duration_ns = 1'000'000};
  spec.phases = std::span(&spin, type == WorkType::kSequence ? 1 : 0);
  std::uint32_t group = 0;
  const Status status = tasks.spawn(spec, &group, nobody);
  if (status.ok()) {
    constexpr std::int64_t kGraceNs = 10'000'000'000;
    (void)tasks.stop(group, kGraceNs, nobody);
    return {};
  }
  return status.code == StatusCode::kUnsupported ? status.message : "";
}

std::string what_is_missing(const Needs& needs, BootedMachine& machine) {
  for (const std::string_view controller : needs.controllers) {
    if (!machine.has_controller(controller)) {
      return "the machine has no " + std::string(controller) + " controller";
    }
  }
  if (needs.vcpu_control && query<VcpuControlFacet>(machine.machine()) == nullptr) {
    return "the backend does not control its vCPUs";
  }
  if (needs.interrupts && !machine.files().read("/proc/interrupts")) {
    return "the machine has no interrupts";
  }
  if (needs.shape && !machine.has_suites_shape()) {
    return "made for a machine of 2 LLCs with 2 CPUs each";
  }
  return {};
}

} // namespace

std::string why_no_workers(std::span<const WorkType> types, BootedMachine& machine) {
  static std::map<WorkType, std::string> asked;
  for (const WorkType type : types) {
    if (!asked.contains(type)) {
      asked.emplace(type, try_type(type, machine.tasks()));
    }
    if (!asked[type].empty()) {
      return asked[type];
    }
  }
  return {};
}

std::string why_not(const OpCase& one, const Scenario& scenario, BootedMachine& machine) {
  // A backend without payloads is held to refusing them.
  if (!needs_payloads(one)) {
    const auto missing = machine.missing(scenario);
    if (!missing.empty()) {
      return missing.front().message;
    }
  }
  std::string lacking = why_no_workers(types_of(one), machine);
  return lacking.empty() ? what_is_missing(needs_of(scenario), machine) : lacking;
}

std::string why_not(const FileCase& one, BootedMachine& machine) {
  if (one.step.path.starts_with("/sys/fs/cgroup/") && one.os_errno == ENOENT &&
      machine.files().read("/sys/fs/cgroup/cgroup.type")) {
    return "the machine's root cgroup is not the hierarchy's";
  }
  // 2 is the kernel's kthreadd, except in a PID namespace.
  const auto second = machine.files().read("/proc/2/comm");
  if (one.step.data == "2" && one.step.path.ends_with("/cgroup.procs") && second &&
      *second != "kthreadd\n") {
    return "the machine shows no kernel thread";
  }
  return what_is_missing(needs_of(one), machine);
}

} // namespace schedrig::contract

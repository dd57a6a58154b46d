// SPDX-License-Identifier: MIT
#include "host/engine/machine_fit.hpp"

#include <numeric>
#include <string>
#include <utility>
#include <variant>

#include "host/engine/cpuset.hpp"
#include "host/text/integer.hpp"
#include "host/text/quote.hpp"

namespace schedrig::engine {
namespace {

class Checker {
 public:
  explicit Checker(const Scenario& scenario)
      : topology_(scenario.machine.topology.view()), cpus_(cpu_count(topology_)) {
    std::iota(cpus_.begin(), cpus_.end(), 0U);
  }

  void defs(const std::vector<CgroupDef>& defs) {
    for (const CgroupDef& one : defs) {
      def(one, "cgroup \"" + one.name + "\"");
    }
  }

  void ops(const std::vector<Op>& ops) {
    for (const Op& op : ops) {
      pos_ = op.pos;
      who_ = "op " + std::string(op_info(op.body).name);
      std::visit([&](const auto& body) { check(body); }, op.body);
    }
  }

  [[nodiscard]] std::vector<Missing> take() { return std::move(found_); }

 private:
  void def(const CgroupDef& def, const std::string& who) {
    who_ = who;
    pos_ = def.pos;
    if (def.cpuset) {
      cpuset("cpuset", *def.cpuset);
    }
    for (const WorkGroup& group : def.work) {
      pos_ = group.pos;
      work(group);
    }
  }

  void cpuset(std::string_view key, const CpusetSpec& spec) {
    if (const auto resolved = resolve(spec, topology_, cpus_); !resolved) {
      report(key, resolved.error().message, resolved.error().help);
    }
  }

  void cpu(std::string_view key, std::uint32_t cpu) {
    if (cpu >= cpus_.size()) {
      report(key, "CPU " + std::to_string(cpu) + " does not exist",
             "the machine has CPUs " + to_cpulist(cpus_));
    }
  }

  void machine(const std::string& name) {
    if (!name.empty()) {
      report("machine", "no machine is called " + text::quote(name),
             "the run has one machine, without a name: leave the key out");
    }
  }

  void affinity(const AffinityIntent& intent) {
    if (const auto* exact = std::get_if<ExactAffinity>(&intent); exact != nullptr) {
      cpu("affinity", exact->cpus.empty() ? 0 : exact->cpus.back());
    } else if (const auto* random = std::get_if<RandomAffinity>(&intent);
               random != nullptr && random->count > cpus_.size()) {
      report("affinity", "random affinity of " + std::to_string(random->count) + " CPUs",
             "the machine has " + std::to_string(cpus_.size()));
    } else if (std::holds_alternative<SmtPairAffinity>(intent) && topology_.threads_per_core < 2) {
      report("affinity", "smt_pair on a machine whose cores have one thread",
             "the topology is " + to_string(topology_) + ": give its cores two threads");
    }
  }

  void work(const WorkGroup& group) {
    affinity(group.affinity);
    for (const std::uint32_t node : group.mem_policy.nodes) {
      if (node >= topology_.nodes.size()) {
        report("mem_policy", "node " + std::to_string(node) + " does not exist",
               "the topology has " + text::numbered("node", topology_.nodes.size()));
      }
    }
  }

  void target(std::string_view key, const KernelTarget& target) {
    if (const auto* per_cpu = std::get_if<PerCpuTarget>(&target)) {
      cpu(key, per_cpu->cpu);
    }
  }

  // --- what each op names
  // -------------------------------------------------------------------------
  void check(const AddCgroupDef& op) { def(op.def, who_); }
  void check(const SetCpuset& op) { cpuset("cpus", op.cpus); }
  void check(const Spawn& op) {
    pos_ = op.work.pos.line == 0 ? pos_ : op.work.pos;
    work(op.work);
  }
  void check(const SetAffinity& op) { affinity(op.affinity); }
  void check(const SteerIrq& op) { cpu("cpu", op.cpu); }
  void check(const SchedCommand& op) {
    machine(op.machine);
    cpu("vcpu", op.vcpu);
  }
  void check(const RaiseEvent& op) {
    machine(op.machine);
    cpu("vcpu", op.vcpu);
  }
  template <class T> void check(const T& op) {
    if constexpr (requires { op.target; }) {
      target("target", op.target);
    } else if constexpr (requires { op.writes; }) {
      for (const KernelWrite& write : op.writes) {
        target("writes", write.target);
      }
    }
  }

  void report(std::string_view key, const std::string& what, std::string help) {
    found_.push_back(
        {.pos = pos_, .key = key, .message = who_ + ": " + what, .help = std::move(help)});
  }

  TopologyView topology_;
  std::vector<std::uint32_t> cpus_;
  std::string who_;
  SourcePos pos_;
  std::vector<Missing> found_;
};

} // namespace

std::vector<Missing> machine_misfits(const Scenario& scenario) {
  Checker checker(scenario);
  checker.defs(scenario.backdrop.cgroups);
  checker.ops(scenario.backdrop.ops);
  for (const Step& step : scenario.steps) {
    checker.ops(step.ops);
    checker.defs(step.setup);
  }
  return checker.take();
}

} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
// The plugin `kvm`: its descriptor and the root object.
#include <string>

#include <schedrig/backend.hpp>
#include <schedrig/export.hpp>
#include <schedrig/probe.hpp>

#include "backend/fork_facet.hpp"
#include "backend/machine.hpp"
#include "probe/probe.hpp"
#include "vmm/layout.hpp"

namespace schedrig::kvm {
namespace {

class KvmPlugin final : public Plugin, public Backend, public Probes {
 public:
  explicit KvmPlugin(HostServices& host)
      : agent_path_(std::string(host.plugin_directory()) + "/kvm/schedrig-agent"),
        fork_(agent_path_) {}

  void* query(std::string_view interface_id) noexcept override {
    if (interface_id == Backend::kInterfaceId) {
      return static_cast<Backend*>(this);
    }
    if (interface_id == Probes::kInterfaceId) {
      return static_cast<Probes*>(this);
    }
    if (interface_id == ForkFacet::kInterfaceId) {
      return static_cast<ForkFacet*>(&fork_);
    }
    return nullptr;
  }

  void info(BackendInfo* out) noexcept override {
    out->clock = ClockKind::kReal;
    out->needs_kernel_image = 1;
    out->max_cpus = kMaxVcpus;
    out->min_memory_bytes = kMinMemoryBytes;
    out->max_memory_bytes = kMaxMemoryBytes;
  }

  void facets(FactSink& sink) noexcept override {
    (void)guard("facets", [&] {
      const ProbeReport device = probe_device();
      const std::string reason = device.ok ? "" : device.observed;
      for (const std::string_view id :
           {FilesFacet::kInterfaceId, TasksFacet::kInterfaceId, AffinityFacet::kInterfaceId,
            BpfMapsFacet::kInterfaceId, MemPolicyFacet::kInterfaceId, PayloadsFacet::kInterfaceId,
            GuestRequestsFacet::kInterfaceId, MemoryFacet::kInterfaceId, FreezeFacet::kInterfaceId,
            VcpusFacet::kInterfaceId, VcpuControlFacet::kInterfaceId,
            SchedulersFacet::kInterfaceId}) {
        sink.on_fact(id, reason);
      }
      // Some KVMs take a watch and never tell of a write: only trying it out says so.
      const ProbeReport watch = device.ok ? probe_data_watchpoint() : device;
      sink.on_fact(WatchFacet::kInterfaceId, watch.ok ? "" : watch.observed);
      sink.on_fact(StopWatchFacet::kInterfaceId, watch.ok ? "" : watch.observed);
    });
  }

  Status create_machine(const MachineSpec& spec, EventSink& events,
                        Machine** out) noexcept override {
    return guard("create_machine", [&]() -> Result<> {
      const MachineOptions options = TRY(machine_options(spec, agent_path_));
      auto machine = TRY(KvmMachine::create(spec, options, events));
      machine->set_template_fields(fork_.fields(spec));
      *out = machine.release();
      return {};
    });
  }

  void destroy_machine(Machine* machine) noexcept override { KvmFork::destroy_machine(machine); }

  void run_probes(ProbeSink& sink) noexcept override {
    (void)guard("run_probes", [&] {
      for (const ProbeReport& report : kvm::run_probes()) {
        ProbeResult result;
        result.outcome = report.ok       ? ProbeOutcome::kOk
                         : report.needed ? ProbeOutcome::kFailed
                                         : ProbeOutcome::kWarning;
        result.name = report.name;
        result.observed = report.observed;
        result.consequence = report.consequence;
        result.remedy = report.remedy;
        sink.on_probe(result);
      }
    });
  }

 private:
  std::string agent_path_;
  KvmFork fork_;
};

} // namespace
} // namespace schedrig::kvm

SCHEDRIG_PLUGIN(schedrig::PluginKind::kBackend,
                {.kind = schedrig::PluginKind::kBackend,
                 .id = "kvm",
                 .name = "KVM virtual machine",
                 .version = SCHEDRIG_VERSION,
                 .licence = "MIT",
                 .description = "boots an unmodified Linux kernel in a virtual machine of its own",
                 .params = schedrig::kvm::kMachineParams,
                 .create = schedrig::create_plugin<schedrig::kvm::KvmPlugin>,
                 .destroy = schedrig::destroy_plugin<schedrig::kvm::KvmPlugin>});

// SPDX-License-Identifier: MIT
// The plugin `kvm`: its descriptor, its parameters, and the root object.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <schedrig/backend.hpp>
#include <schedrig/export.hpp>
#include <schedrig/probe.hpp>

#include "backend/machine.hpp"
#include "probe/probe.hpp"
#include "vmm/layout.hpp"

namespace schedrig::kvm {
namespace {

// What the VMM's ACPI tables and boot have been tried with.
constexpr std::uint32_t kMaxVmCpus = 8;
constexpr std::int64_t kDefaultAgentTimeoutNs = 30'000'000'000;

constexpr std::array<ParamSpec, 2> kParams = {{
    {.type = ParamType::kDuration,
     .key = "agent_timeout",
     .default_value = "30s",
     .doc = "limit of each request to the guest agent; an emulated host needs seconds",
     .minimum = 1'000'000,
     .maximum = 3'600'000'000'000},
    {.type = ParamType::kString,
     .key = "cpu_vendor",
     .default_value = "host",
     .doc = "whose CPUID leaves guests get: host, intel or amd; a kernel expects the host's"},
}};

Result<std::optional<CpuVendor>> vendor_from(ParamsView params) {
  const ParamValue* param = find_param(params, "cpu_vendor");
  if (param == nullptr || param->text == "host") {
    return std::nullopt;
  }
  if (param->text == "intel") {
    return CpuVendor::kIntel;
  }
  if (param->text == "amd") {
    return CpuVendor::kAmd;
  }
  return fail(StatusCode::kInvalidArgument, "cpu_vendor is '" + std::string(param->text) + "'",
              "use host, intel or amd");
}

class KvmPlugin final : public Plugin, public Backend, public Probes {
 public:
  explicit KvmPlugin(HostServices& host)
      : agent_path_(std::string(host.plugin_directory()) + "/kvm/schedrig-agent") {}

  void* query(std::string_view interface_id) noexcept override {
    if (interface_id == Backend::kInterfaceId) {
      return static_cast<Backend*>(this);
    }
    if (interface_id == Probes::kInterfaceId) {
      return static_cast<Probes*>(this);
    }
    return nullptr;
  }

  void info(BackendInfo* out) noexcept override {
    out->clock = ClockKind::kReal;
    out->needs_kernel_image = 1;
    out->max_cpus = kMaxVmCpus;
    out->min_memory_bytes = kMinMemoryBytes;
    out->max_memory_bytes = kMaxMemoryBytes;
  }

  void facets(FactSink& sink) noexcept override {
    (void)guard("facets", [&] {
      const ProbeReport device = probe_device();
      const std::string reason = device.ok ? "" : device.observed;
      for (const std::string_view id :
           {FilesFacet::kInterfaceId, TasksFacet::kInterfaceId, AffinityFacet::kInterfaceId,
            MemPolicyFacet::kInterfaceId, SchedulersFacet::kInterfaceId}) {
        sink.on_fact(id, reason);
      }
    });
  }

  Status create_machine(const MachineSpec& spec, EventSink& events,
                        Machine** out) noexcept override {
    return guard("create_machine", [&]() -> Result<> {
      const MachineOptions options{.agent_path = agent_path_,
                                   .agent_timeout = std::chrono::nanoseconds(param_integer(
                                       spec.params, "agent_timeout", kDefaultAgentTimeoutNs)),
                                   .vendor = TRY(vendor_from(spec.params))};
      *out = TRY(KvmMachine::create(spec, options, events)).release();
      return {};
    });
  }

  void destroy_machine(Machine* machine) noexcept override {
    delete static_cast<KvmMachine*>(machine);
  }

  void run_probes(ProbeSink& sink) noexcept override {
    (void)guard("run_probes", [&] {
      for (const ProbeReport& report : kvm::run_probes()) {
        ProbeResult result;
        result.outcome = report.ok ? ProbeOutcome::kOk : ProbeOutcome::kFailed;
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
                 .params = schedrig::kvm::kParams,
                 .create = schedrig::create_plugin<schedrig::kvm::KvmPlugin>,
                 .destroy = schedrig::destroy_plugin<schedrig::kvm::KvmPlugin>});

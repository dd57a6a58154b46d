// SPDX-License-Identifier: MIT
// The plugin `mock`: root object, backend interface and export.
#include <vector>

#include <schedrig/backend.hpp>
#include <schedrig/export.hpp>
#include <schedrig/param_check.hpp>

#include "plugins/mock/backend/create.hpp"
#include "plugins/mock/backend/forks.hpp"

namespace schedrig::mock {
namespace {

class MockBackend final : public Plugin, public Backend, public ParamCheck {
 public:
  explicit MockBackend(HostServices& /*host*/) {}

  void* query(std::string_view interface_id) noexcept override {
    if (interface_id == ParamCheck::kInterfaceId) {
      return static_cast<ParamCheck*>(this);
    }
    if (interface_id == ForkFacet::kInterfaceId) {
      return static_cast<ForkFacet*>(&forks_);
    }
    return interface_id == Backend::kInterfaceId ? static_cast<Backend*>(this) : nullptr;
  }
  void info(BackendInfo* out) noexcept override {
    out->clock = ClockKind::kVirtual;
    out->needs_kernel_image = 0;
    out->max_cpus = kMaxCpus;
  }
  void facets(FactSink& sink) noexcept override {
    sink.on_fact(FilesFacet::kInterfaceId, "");
    sink.on_fact(TasksFacet::kInterfaceId, "");
    sink.on_fact(PayloadsFacet::kInterfaceId, "");
    sink.on_fact(AffinityFacet::kInterfaceId, "");
    sink.on_fact(MemPolicyFacet::kInterfaceId, "");
    sink.on_fact(SchedulersFacet::kInterfaceId, "");
    sink.on_fact(ActivityFacet::kInterfaceId, "");
    sink.on_fact(CpuUseFacet::kInterfaceId, "");
    sink.on_fact(FreezeFacet::kInterfaceId, "");
    sink.on_fact(MemoryFacet::kInterfaceId, "");
    sink.on_fact(KernelFacet::kInterfaceId, "");
    sink.on_fact(VcpusFacet::kInterfaceId, "");
    sink.on_fact(VcpuControlFacet::kInterfaceId, "");
    sink.on_fact(WatchFacet::kInterfaceId, "");
    sink.on_fact(StopWatchFacet::kInterfaceId, "");
    sink.on_fact(BpfMapsFacet::kInterfaceId, "");
  }
  Status create_machine(const MachineSpec& spec, EventSink& events,
                        Machine** out) noexcept override {
    return guard("create_machine", [&] { return create(spec, events, nullptr, out); });
  }
  void check(ParamsView params, ParamProblemSink& sink) noexcept override {
    static_cast<void>(guard("check", [&]() -> Status {
      Programs().declare(params, sink);
      Faults().declare(params, sink);
      return {};
    }));
  }
  void destroy_machine(Machine* machine) noexcept override {
    delete static_cast<MockMachine*>(machine);
  }

 private:
  MockForks forks_;
};

} // namespace

constexpr ParamSpec kWatchdogParam{
    .type = ParamType::kDuration,
    .key = "watchdog",
    .default_value = {},
    .doc =
        "the most that a runnable task may wait under a sched_ext scheduler; by default what the "
        "scheduler asks for",
    .minimum = 100'000'000,
    .maximum = kWatchdogTimeoutNs};

// The plugin's section: the kernel, programs, faults and the watchdog.
std::span<const ParamSpec> all_params() noexcept {
  static const std::vector<ParamSpec> kAll = [] {
    std::vector<ParamSpec> all(kernel_params().begin(), kernel_params().end());
    all.insert(all.end(), program_params().begin(), program_params().end());
    all.insert(all.end(), fault_params().begin(), fault_params().end());
    all.push_back(kWatchdogParam);
    return all;
  }();
  return kAll;
}

} // namespace schedrig::mock

SCHEDRIG_PLUGIN(schedrig::PluginKind::kBackend,
                {.kind = schedrig::PluginKind::kBackend,
                 .id = "mock",
                 .name = "Mock",
                 .version = SCHEDRIG_VERSION,
                 .licence = "MIT",
                 .description = "deterministic simulated machine in virtual time",
                 .params = schedrig::mock::all_params(),
                 .create = schedrig::create_plugin<schedrig::mock::MockBackend>,
                 .destroy = schedrig::destroy_plugin<schedrig::mock::MockBackend>});

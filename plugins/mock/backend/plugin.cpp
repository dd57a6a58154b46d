// SPDX-License-Identifier: MIT
// The plugin `mock`: root object, backend interface and export.
#include <memory>
#include <utility>
#include <vector>

#include <schedrig/backend.hpp>
#include <schedrig/export.hpp>

#include "plugins/mock/backend/machine.hpp"

namespace schedrig::mock {
namespace {

class MockBackend final : public Plugin, public Backend {
 public:
  explicit MockBackend(HostServices& /*host*/) {}

  void* query(std::string_view interface_id) noexcept override {
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
  }
  Status create_machine(const MachineSpec& spec, EventSink& events,
                        Machine** out) noexcept override {
    return guard("create_machine", [&]() -> Status {
      if (Status status = validate(spec.topology); !status.ok()) {
        return status;
      }
      Programs programs;
      if (Status status = programs.declare(spec.params); !status.ok()) {
        return status;
      }
      Faults faults;
      if (Status status = faults.declare(spec.params); !status.ok()) {
        return status;
      }
      *out = std::make_unique<MockMachine>(spec, events, std::move(programs), std::move(faults))
                 .release();
      return {};
    });
  }
  void destroy_machine(Machine* machine) noexcept override {
    delete static_cast<MockMachine*>(machine);
  }
};

} // namespace

// The plugin's section: programs and faults.
std::span<const ParamSpec> all_params() noexcept {
  static const std::vector<ParamSpec> kAll = [] {
    std::vector<ParamSpec> all(program_params().begin(), program_params().end());
    all.insert(all.end(), fault_params().begin(), fault_params().end());
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

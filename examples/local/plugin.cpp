// SPDX-License-Identifier: MIT
// The plugin local: a backend that is no virtual machine. It runs a scenario's cgroups and workers
// on this machine's own kernel, in a private cgroup, with what that cgroup has.
#include <array>
#include <string>

#include <unistd.h>

#include <schedrig/export.hpp>

#include "machine.hpp"

namespace local {
namespace {

constexpr std::array kParams = {
    ParamSpec{.type = ParamType::kString,
              .key = "root",
              .default_value = "",
              .doc = "a cgroup v2 directory to work below; empty: the cgroup schedrig runs in",
              .minimum = 0,
              .maximum = 0}};

class LocalPlugin final : public Plugin, public Backend {
 public:
  explicit LocalPlugin(HostServices& /*host*/) {}

  void* query(std::string_view interface_id) noexcept override {
    return interface_id == Backend::kInterfaceId ? static_cast<Backend*>(this) : nullptr;
  }

  void info(BackendInfo* out) noexcept override {
    out->clock = ClockKind::kReal;
    out->needs_kernel_image = 0;
    out->max_cpus = static_cast<std::uint32_t>(sysconf(_SC_NPROCESSORS_ONLN));
  }

  // Asked before the section [backend.local] is known: whether the cgroup there, or schedrig's own,
  // can be written is for create_machine to say.
  void facets(FactSink& sink) noexcept override {
    (void)guard("facets", [&] {
      const Result<fs::path> hierarchy = find_hierarchy();
      const std::string reason = hierarchy ? "" : hierarchy.error().message;
      for (const std::string_view id :
           {FilesFacet::kInterfaceId, TasksFacet::kInterfaceId, AffinityFacet::kInterfaceId,
            SchedulersFacet::kInterfaceId}) {
        sink.on_fact(id, reason);
      }
    });
  }

  Status create_machine(const MachineSpec& spec, EventSink& /*events*/,
                        Machine** out) noexcept override {
    return guard("create_machine", [&]() -> Result<> {
      *out = TRY(LocalMachine::create(spec)).release();
      return {};
    });
  }

  void destroy_machine(Machine* machine) noexcept override {
    delete static_cast<LocalMachine*>(machine);
  }
};

} // namespace
} // namespace local

SCHEDRIG_PLUGIN(schedrig::PluginKind::kBackend,
                {.kind = schedrig::PluginKind::kBackend,
                 .id = "local",
                 .name = "This machine",
                 .version = "0.1.0",
                 .licence = "MIT",
                 .description = "runs workers on this machine's kernel, in a private cgroup",
                 .params = local::kParams,
                 .create = schedrig::create_plugin<local::LocalPlugin>,
                 .destroy = schedrig::destroy_plugin<local::LocalPlugin>});

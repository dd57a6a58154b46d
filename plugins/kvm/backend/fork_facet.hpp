// SPDX-License-Identifier: MIT
// The fork facet of the plugin: templates of KvmMachines, in memory or in a directory.
// Thread: host thread. Errors: fork.hpp.
#pragma once

#include <string>

#include <schedrig/fork.hpp>

#include "backend/machine.hpp"
#include "backend/template_identity.hpp"

namespace schedrig::kvm {

class KvmFork final : public ForkFacet {
 public:
  explicit KvmFork(std::string agent_path) : agent_path_(std::move(agent_path)) {}

  Status template_fields(const MachineSpec& spec, FactSink& sink) noexcept override;
  Status save(Machine& machine, std::int64_t timeout_ns, Template** out) noexcept override;
  Status store(const Template& saved, std::string_view directory) noexcept override;
  Status load(std::string_view directory, const MachineSpec& spec,
              Template** out) noexcept override;
  Status create_machine(const Template& saved, const MachineSpec& spec, EventSink& events,
                        Machine** out) noexcept override;
  Status reset(Machine& machine, std::uint64_t seed, std::int64_t timeout_ns) noexcept override;
  void destroy_template(Template* saved) noexcept override;

  // Machines of either kind.
  static void destroy_machine(Machine* machine) noexcept;

  // What a template of a machine of this spec would depend on.
  [[nodiscard]] Result<TemplateFields> fields(const MachineSpec& spec);

 private:
  std::string agent_path_;
  TemplateIdentity identity_;
  MachinePool pool_;
};

} // namespace schedrig::kvm

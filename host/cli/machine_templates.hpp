// SPDX-License-Identifier: MIT
// The templates that a run's machines start from, as config and backend have it.
#pragma once

#include <memory>
#include <optional>

#include "host/cli/prepared_run.hpp"
#include "host/engine/templates.hpp"
#include "host/templates/template_cache.hpp"

namespace schedrig::cli {

class MachineTemplates {
 public:
  // `several_runs`: of one command.
  MachineTemplates(const PreparedRun& prepared, bool several_runs);
  MachineTemplates(const MachineTemplates&) = delete;
  MachineTemplates& operator=(const MachineTemplates&) = delete;
  ~MachineTemplates() = default;

  // Null: every machine boots.
  [[nodiscard]] engine::Templates* get() const { return templates_.get(); }

 private:
  std::optional<templates::TemplateCache> cache_;
  std::unique_ptr<engine::Templates> templates_;
};

} // namespace schedrig::cli

// SPDX-License-Identifier: MIT
// From a file and options to everything that a run needs: scenario decoded, plugins loaded, their
// parameters bound, the kernel found. What `run` and `check` share.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "host/cli/run_options.hpp"
#include "host/cli/verb.hpp"
#include "host/config/bind_params.hpp"
#include "host/loader/registry.hpp"

namespace schedrig::cli {

struct PreparedRun {
  Scenario scenario;
  std::optional<loader::Registry> registry;
  const loader::LoadedPlugin* backend = nullptr;
  const loader::LoadedPlugin* scheduler = nullptr;
  config::BoundParams backend_params;
  config::BoundParams scheduler_params;
  std::string kernel_image; // empty when the backend needs none
};

// Fills *out, or prints every error and returns the exit code.
[[nodiscard]] int prepare_run(const RunOptions& options, const Globals& globals, PreparedRun* out);

} // namespace schedrig::cli

// SPDX-License-Identifier: MIT
// From a file and options to everything that a run needs: scenario decoded, plugins loaded, their
// parameters bound, the kernel found. What `run` and `check` share.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/run_options.hpp"
#include "host/cli/verb.hpp"
#include "host/config/bind_params.hpp"
#include "host/engine/scheduler_control.hpp"
#include "host/loader/registry.hpp"

namespace schedrig::cli {

// What is looked at beyond each key for itself. `host` needs `plugins`.
struct CheckLayers {
  bool references = true; // names, CPUs and LLCs that the config itself decides
  bool plugins = true;    // the plugins are there and take their parameters
  bool host = true;       // the kernel is there
  bool programs = true;   // and so are the programs and files of payloads
  bool facets = false;    // the backend has here what each op needs; a run finds out by itself
};

// A scheduler that the scenario names, loaded, with the parameters behind its choice.
struct PreparedScheduler {
  config::BoundParams params;
  engine::SchedulerChoice choice;
};

struct PreparedRun {
  Scenario scenario;
  config::Sources sources; // what positions of the scenario refer to
  config::Node document;   // its layers, merged
  std::optional<loader::Registry> registry;
  const loader::LoadedPlugin* backend = nullptr; // null without the layer `plugins`
  config::BoundParams backend_params;
  PreparedScheduler kernels_own;
  std::deque<PreparedScheduler> schedulers; // every other one
  [[nodiscard]] std::vector<engine::SchedulerChoice> choices() const;
  std::string kernel_image; // empty when the backend needs none
};

// Fills *out, or prints every error and returns the exit code. What the layers find wrong comes in
// one list, in the order of the file; a layer passes over what an earlier one found wrong.
[[nodiscard]] int prepare_run(const RunOptions& options, const Globals& globals, PreparedRun* out,
                              const CheckLayers& layers = {});

// Prints problems with their places; returns the exit code for them, kExitPass for none.
int report_problems(std::vector<config::Diagnostic> problems, const config::Sources& sources,
                    const Globals& globals);

} // namespace schedrig::cli

// SPDX-License-Identifier: MIT
// Runs on kvm in the emulated host, which keep templates for those after them. Thread: the test's.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/support/run_command.hpp"

namespace schedrig::lab {

struct RunOptions {
  std::string schedrig;
  std::filesystem::path configs;
  std::string request_program;
  std::string loader_program;
  std::string ring_program;
  std::string loads_program;
};
[[nodiscard]] RunOptions& options();

// `schedrig run CONFIG MORE...`, with backend kvm.
[[nodiscard]] test::CommandResult run_on_kvm(const std::filesystem::path& config,
                                             const std::vector<std::string>& more = {});

// The text of a shipped scenario with the program that this build has made instead of
// "../programs/NAME".
[[nodiscard]] std::string config_with_program(const std::string& config, const std::string& name,
                                              const std::string& program);

// How many runs of this process were cold, fork and reset.
[[nodiscard]] std::map<std::string, int>& starts();

} // namespace schedrig::lab

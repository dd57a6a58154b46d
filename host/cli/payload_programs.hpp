// SPDX-License-Identifier: MIT
// Whether the programs and files of a scenario's payloads are on this host, before a machine boots
// for them. Thread: any.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <schedrig/scenario.hpp>

#include "host/engine/capability.hpp"

namespace schedrig::cli {

// As execvp(3) finds it: a path is itself, a name is looked up in PATH. None: it is nowhere there.
[[nodiscard]] std::optional<std::filesystem::path> find_program(const std::string& name);

// Every payload whose program or one of whose files is not here.
[[nodiscard]] std::vector<engine::Missing> missing_payload_files(const Scenario& scenario);

} // namespace schedrig::cli

// SPDX-License-Identifier: MIT
// The plugin registry as the command line and a config ask for it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/cli/verb.hpp"
#include "host/loader/registry.hpp"

namespace schedrig::cli {

// `config_dirs`: [plugins] path, relative to the config's directory `config_base`.
[[nodiscard]] loader::Registry plugin_registry(const Globals& globals,
                                               const std::vector<std::string>& config_dirs = {},
                                               const std::string& config_base = {});

// Why a directory that the user names cannot be searched for plugins; empty where it can.
[[nodiscard]] std::string plugin_directory_problem(const std::string& path);

// Whether a plugin's file of that name was found, sound or not.
[[nodiscard]] bool is_listed(const loader::Registry& registry, std::string_view name);

} // namespace schedrig::cli

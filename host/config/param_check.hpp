// SPDX-License-Identifier: MIT
// What a plugin itself has to say of its parameters, at their places in the config. Thread: host.
#pragma once

#include <vector>

#include <schedrig/param_check.hpp>
#include <schedrig/scenario.hpp>

#include "host/config/diagnostic.hpp"

namespace schedrig::config {

// Requires: `bound` are `given` with the plugin's defaults, without diagnostics. A problem stands
// at the parameter that it names, or at the first of those whose keys begin so; else at `table`.
[[nodiscard]] std::vector<Diagnostic> plugin_problems(ParamCheck& plugin, ParamsView bound,
                                                      const ConfigParams& given, SourcePos table);

} // namespace schedrig::config

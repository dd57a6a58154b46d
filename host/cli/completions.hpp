// SPDX-License-Identifier: MIT
// Scripts that let a shell complete this command line, made from the parser's own model.
#pragma once

#include <string>
#include <string_view>

#include "host/cli/verb.hpp"

namespace schedrig::cli {

// `shell`: "bash", "zsh" or "fish"; anything else gives an empty text.
[[nodiscard]] std::string completion_script(const CLI::App& app, std::string_view shell);

} // namespace schedrig::cli

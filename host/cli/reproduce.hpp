// SPDX-License-Identifier: MIT
// The command that makes a run again. Pure; thread: any.
#pragma once

#include <span>
#include <string>

namespace schedrig::cli {

// The command line as a shell takes it, without what does not change a run: where its reports go,
// how often it is made. Without the seed, too, which with_seed() gives.
[[nodiscard]] std::string reproducing_command(std::span<char* const> argv);

// `seed` as on the command line; empty: the config's own.
[[nodiscard]] std::string with_seed(std::string command, const std::string& seed);

} // namespace schedrig::cli

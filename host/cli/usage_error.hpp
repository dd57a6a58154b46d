// SPDX-License-Identifier: MIT
// A command line that cannot be parsed: what about it, the nearest name, and where help is.
// Thread: host.
#pragma once

#include <CLI/CLI.hpp>

namespace schedrig::cli {

// `app` is the parser that threw `error`. Prints help and version, too, which end parsing the same
// way. Returns the exit code: kExitPass for these, else kExitUsage.
int report_parse_end(const CLI::App& app, const CLI::ParseError& error);

} // namespace schedrig::cli

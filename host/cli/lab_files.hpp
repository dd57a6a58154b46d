// SPDX-License-Identifier: MIT
// LabFiles: what of this machine a scenario names, which its run in the lab must find at the same
// paths. Reads the file system, writes nothing. Thread: any.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <schedrig/scenario.hpp>

namespace schedrig::cli {

// Config files and what they import, plugin directories, programs of payloads; absolute. What does
// not exist here is left out: the run says what it misses.
[[nodiscard]] std::vector<std::filesystem::path> lab_files(const Scenario& scenario,
                                                           const std::string& config);

} // namespace schedrig::cli

// SPDX-License-Identifier: MIT
// What `schedrig plugins check FILE` finds out, as data: each check that was made, up to the first
// that failed, and what is known about the file.
//
// Runs the plugin's code in a child only (probe.hpp). Prints nothing. Thread: host thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include <schedrig/note.hpp>
#include <schedrig/result.hpp>

#include "host/loader/probe.hpp"

namespace schedrig::loader {

enum class CheckStep : std::uint32_t {
  kNote = 0,  // the file is a shared object for this machine and has the note
  kAbi = 1,   // the note's facts fit this schedrig
  kProbe = 2, // it loads, describes itself, makes and destroys its root object
  kName = 3,  // the file is called as the plugin is, so that it is found by name
};

// "note", "abi", "probe", "name".
[[nodiscard]] std::string_view check_step_name(CheckStep step);

struct CheckReport {
  std::filesystem::path path;
  std::vector<CheckStep> passed;     // in order
  std::optional<CheckStep> failed;   // absent: everything passed
  std::optional<Error> error;        // present when failed is
  std::optional<AbiNote> note;       // present from kNote on
  std::optional<ProbeReport> plugin; // present from kProbe on
};

[[nodiscard]] CheckReport check_plugin(const std::filesystem::path& path,
                                       std::chrono::milliseconds deadline = kProbeDeadline);

} // namespace schedrig::loader

// SPDX-License-Identifier: MIT
// Tries a plugin in a forked child: load, entry function, descriptor, create, destroy. A plugin
// that crashes, hangs, exits or prints does it there; here it is an error that says in which stage
// and how.
//
// Requires that the file's note has been read and fits (elf_note.hpp, compatibility.hpp): the
// child maps it into a copy of this process.
// The child is a process group of its own, has no input, its output is kept from the terminal (the
// first 64 KiB are quoted in errors), it leaves no core file, and it is killed with everything it
// started when the deadline passes or when the calling thread dies. Thread: host thread; no other
// thread may hold a lock that dlopen needs.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include <schedrig/result.hpp>

namespace schedrig::loader {

// Loading takes milliseconds; ten seconds allow for a sanitizer build on an emulated machine.
inline constexpr std::chrono::milliseconds kProbeDeadline{10'000};

// What a plugin said about itself. Text is cut to what fits the report.
struct ProbeReport {
  std::string id;
  std::string name;
  std::string version;
  std::string licence;
  std::string description;
  std::uint32_t params = 0; // number of declared parameters
};

// `note_kind` is AbiNote::kind of the file. Errors: kBadData (entry, descriptor, unresolved
// symbol), kInternal (crash or exit, with stage and signal), kTimeout, kOs (fork), or what create
// returned.
Result<ProbeReport> probe_plugin(const std::filesystem::path& path, std::uint32_t note_kind,
                                 std::chrono::milliseconds deadline = kProbeDeadline);

} // namespace schedrig::loader

// SPDX-License-Identifier: MIT
// run_child: runs one program to its end, captures what it prints, and never waits for ever.
//
// Owns fork, exec, the deadline and the reaping. Knows nothing about apt, kernels or QEMU.
// The child gets SIGKILL when the calling thread dies (PR_SET_PDEATHSIG), so a killed schedrig
// leaves nothing behind. Thread: any; the calling thread must live until the call returns.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <schedrig/result.hpp>

namespace schedrig {

struct ChildRequest {
  std::vector<std::string> argv; // argv[0] is looked up in PATH
  // Added to (and overriding) the caller's environment. LC_ALL=C is always set: output is parsed.
  std::vector<std::pair<std::string, std::string>> env;
  std::string working_dir; // empty: the caller's
  std::chrono::milliseconds deadline{std::chrono::seconds(60)};
  std::size_t max_output = 64U << 20U; // bytes kept of each stream; more is read and dropped
};

struct ChildOutcome {
  int exit_code = 0; // 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

// Errors: kNotFound (no such program), kOs (fork, pipe), kTimeout (deadline; the child and its
// process group are killed and reaped first). A non-zero exit code is not an error.
Result<ChildOutcome> run_child(const ChildRequest& request);

// As run_child, but a non-zero exit code is an error that quotes the last lines of stderr.
Result<ChildOutcome> run_child_ok(const ChildRequest& request);

// This process's environment as NAME=VALUE strings, with LC_ALL=C and `extra` set over it.
std::vector<std::string>
child_environment(const std::vector<std::pair<std::string, std::string>>& extra);

// The last max_lines non-empty lines of text, joined by "; ": what an error message can carry.
std::string last_lines(const std::string& text, std::size_t max_lines);

} // namespace schedrig

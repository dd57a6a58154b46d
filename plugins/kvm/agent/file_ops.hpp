// SPDX-License-Identifier: MIT
// Executes one operation of the files facet (schedrig/files.hpp) on this machine's files.
//
// Never blocks on what a path may name: files are opened O_NONBLOCK | O_NOCTTY, so that a FIFO or
// a kernel log answers with an errno instead of stopping the agent. Thread: any.
#pragma once

#include <string>

#include <schedrig/files.hpp>

namespace schedrig::agent {

struct FileResult {
  int os_errno = 0;
  std::string data; // kRead, kList
};

// A path that is relative, or holds a zero byte, answers EINVAL.
[[nodiscard]] FileResult execute(const FileOp& op);

} // namespace schedrig::agent

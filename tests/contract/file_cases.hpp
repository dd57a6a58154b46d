// SPDX-License-Identifier: MIT
// The file cases: what the kernel's own files answer, straight through the files facet. The errnos
// are Linux's (recorded on a real kernel by running this table on kvm).
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include <schedrig/files.hpp>

namespace schedrig::contract {

struct FileStep {
  FileOpKind kind = FileOpKind::kRead;
  std::string path;
  std::string data = {};
};

// "{}" in a path stands for a fresh cgroup of the case, "{pid}" in path or data for a worker that
// spins in it, if has_worker.
struct FileCase {
  std::string name;
  std::vector<FileStep> before = {}; // succeed
  FileStep step;
  int os_errno = 0;
  std::string reads = {}; // if not empty: what a read or list answers
  bool has_worker = false;
};

inline void PrintTo(const FileCase& one, std::ostream* out) {
  *out << one.name;
}

[[nodiscard]] const std::vector<FileCase>& file_cases();

} // namespace schedrig::contract

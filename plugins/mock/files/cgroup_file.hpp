// SPDX-License-Identifier: MIT
// CgroupFile: one file of every cgroup, as readers and writers over the tree. The core's files are
// in cgroup_files.cpp, the controllers' in controller_files.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "plugins/mock/files/cgroup_tree.hpp"

namespace schedrig::mock {

using Reader = int (*)(CgroupTree& tree, std::uint32_t index, std::string& out);
using Writer = int (*)(CgroupTree& tree, std::uint32_t index, std::string_view data);

// A file of a cgroup: there if `controller` is 0 or on for the cgroup. Without a reader or writer
// the operation is EINVAL, which root meets instead of a permission error.
struct CgroupFile {
  std::string_view name;
  std::uint32_t controller;
  bool on_root;
  Reader read;
  Writer write;
};

// Files of the cpuset, cpu, io, memory and pids controllers, and cpu.stat.
[[nodiscard]] std::span<const CgroupFile> controller_files();

} // namespace schedrig::mock

// SPDX-License-Identifier: MIT
// Which kernels of the cache a test runs on: two, or with SCHEDRIG_KERNEL_LINES=all in the
// environment the newest of each line (6.18, 7.0). Thread: the test's.
#pragma once

#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/kernel/kernel_cache.hpp"
#include "host/kernel/kernel_version.hpp"

namespace schedrig::lab {

[[nodiscard]] inline bool wants_all_lines() {
  const char* const wanted = std::getenv("SCHEDRIG_KERNEL_LINES");
  return wanted != nullptr && std::string_view(wanted) == "all";
}

// Newest first. A line in two builds, of which one takes schedulers and one does not, is two lines.
[[nodiscard]] inline std::vector<kernel::KernelEntry>
newest_of_each_line(const std::vector<kernel::KernelEntry>& kernels) {
  std::vector<kernel::KernelEntry> newest;
  std::set<std::pair<std::string, bool>> seen;
  for (const kernel::KernelEntry& entry : kernels) {
    const std::string line(kernel::version_series(entry.facts.version, 2));
    if (seen.emplace(line, entry.facts.whole()).second) {
      newest.push_back(entry);
    }
  }
  return newest;
}

} // namespace schedrig::lab

// SPDX-License-Identifier: MIT
// SysFiles: /sys of the simulated machine: devices/system/cpu with online, possible, present and
// every CPU's topology (Documentation/admin-guide/cputopology.rst, Linux 6.18), and
// devices/system/node. All read-only.
#pragma once

#include <string>
#include <vector>

#include <schedrig/topology.hpp>

#include "plugins/mock/files/file_tree.hpp"

namespace schedrig::mock {

class SysFiles final : public FileTree {
 public:
  explicit SysFiles(const TopologyView& topology);

  [[nodiscard]] NodeKind find(Components path) override;
  int read(Components path, std::string& out) override;
  int write(Components path, std::string_view data) override;
  void list(Components path, std::vector<std::string>& names) override;

 private:
  struct File {
    std::string path; // "devices/system/cpu/online"
    std::string text;
  };
  void add(std::string path, std::string text);
  [[nodiscard]] const File* file(const std::string& path) const;

  std::vector<File> files_; // sorted by path
};

} // namespace schedrig::mock

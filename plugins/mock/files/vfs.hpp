// SPDX-License-Identifier: MIT
// Vfs: path walk and mounts of the simulated machine (fs/namei.c semantics as far as regular
// paths go: no links, no permissions beyond root's). The root file system is a read-only skeleton
// of the directories that hold mount points.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <schedrig/files.hpp>

#include "plugins/mock/files/file_tree.hpp"

namespace schedrig::mock {

class Vfs {
 public:
  // `path` is absolute and normal ("/sys/fs/cgroup"); the tree outlives the Vfs.
  void mount(std::string path, FileTree& tree);

  // One operation: 0 or a positive errno; `out` gets what a read or list returns.
  int execute(const FileOp& op, std::string& out);

 private:
  struct Mount {
    std::string path;
    std::vector<std::string_view> components; // views into path
    FileTree* tree = nullptr;
  };
  struct Walk {
    std::vector<std::string_view> components; // without ".", ".."
    std::string_view last;                    // as written; empty for "/"
    bool trailing_slash = false;
    int error = 0; // of a component before the last
  };

  [[nodiscard]] Walk walk(std::string_view path);
  [[nodiscard]] NodeKind find(Components path);
  // The tree that holds `path`, and its part below the mount point; null: the skeleton.
  [[nodiscard]] FileTree* tree_of(Components path, Components& below);
  [[nodiscard]] bool is_mount_point(Components path) const;

  int mkdir(const Walk& walk);
  int rmdir(const Walk& walk);
  int list(Components path, std::string& out);

  std::vector<Mount> mounts_;
};

} // namespace schedrig::mock

// SPDX-License-Identifier: MIT
// FileTree: one mounted file system of the simulated machine. Paths are components below its root;
// the path walk (vfs.hpp) has checked that every directory on the way exists. Errors are positive
// errno values of Linux 6.18.
#pragma once

#include <cerrno>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace schedrig::mock {

using Components = std::span<const std::string_view>;

enum class NodeKind : unsigned char { kAbsent, kDirectory, kFile };

class FileTree {
 public:
  [[nodiscard]] virtual NodeKind find(Components path) = 0;
  // Of files that exist.
  virtual int read(Components path, std::string& out) = 0;
  virtual int write(Components path, std::string_view data) = 0;
  // Of directories that exist: names, directories with a '/' at the end, in any order.
  virtual void list(Components path, std::vector<std::string>& names) = 0;
  // Parent exists, path does not. EPERM: what vfs_mkdir() says when a file system cannot.
  virtual int mkdir(Components /*path*/) { return EPERM; }
  // Path is a directory that exists.
  virtual int rmdir(Components /*path*/) { return EPERM; }

 protected:
  ~FileTree() = default;
};

} // namespace schedrig::mock

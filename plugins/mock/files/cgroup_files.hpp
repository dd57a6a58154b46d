// SPDX-License-Identifier: MIT
// CgroupFiles: /sys/fs/cgroup as files. Owns the file names, who sees which, what reads print and
// how writes are parsed (Documentation/admin-guide/cgroup-v2.rst; kernel/cgroup/*.c,
// kernel/sched/core.c, mm/memcontrol.c, block/blk-iocost.c of Linux 6.18). The rules of the
// hierarchy are CgroupTree's.
#pragma once

#include "plugins/mock/files/cgroup_tree.hpp"
#include "plugins/mock/files/file_tree.hpp"

namespace schedrig::mock {

class CgroupFiles final : public FileTree {
 public:
  explicit CgroupFiles(CgroupTree& tree) : tree_(tree) {}

  [[nodiscard]] NodeKind find(Components path) override;
  int read(Components path, std::string& out) override;
  int write(Components path, std::string_view data) override;
  void list(Components path, std::vector<std::string>& names) override;
  int mkdir(Components path) override;
  int rmdir(Components path) override;

 private:
  // The cgroup that `path` names, or CgroupTree::kNone.
  [[nodiscard]] std::uint32_t resolve(Components path) const;

  CgroupTree& tree_;
};

} // namespace schedrig::mock

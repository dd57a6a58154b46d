// SPDX-License-Identifier: MIT
// The files facet. /sys/fs/cgroup is the private cgroup; the rest of /sys and /proc is this
// machine's and may only be read: it is everybody's. There are no interrupts to steer.
#pragma once

#include <schedrig/files.hpp>

#include "cgroup_root.hpp"

namespace local {

class LocalFiles final : public FilesFacet {
 public:
  // `root` outlives this.
  explicit LocalFiles(const CgroupRoot& root) : root_(root) {}

  // at_ns of replies is measured from here.
  void set_boot_time(std::int64_t boot_ns) { boot_ns_ = boot_ns; }

  Status run(std::span<const FileOp> ops, FileBatchMode mode,
             FileReplySink& sink) noexcept override;

 private:
  const CgroupRoot& root_;
  std::int64_t boot_ns_ = 0;
};

} // namespace local

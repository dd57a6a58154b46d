// SPDX-License-Identifier: MIT
// The kernel's tree of cgroups: the default hierarchy, from cgrp_dfl_root on (include/linux/
// cgroup-defs.h of Linux 6.18). Thread: host.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <schedrig/result.hpp>

#include "host/kernel_view/kernel_view.hpp"

namespace schedrig::kernel_view {

struct CgroupFacts {
  std::uint64_t address = 0; // of its struct cgroup
  std::string path;          // "/", "/schedrig/base"
  std::uint32_t level = 0;
  bool populated = false; // it, or one below it, has processes
  bool frozen = false;    // to be, by cgroup.freeze of it or one above it
};

// Each before those below it. What is being removed is in the kernel's lists for a while and in the
// file system no more: it is left out. kNotFound: the kernel is built without cgroups; kBadData: a
// list or a name that leads astray.
Result<std::vector<CgroupFacts>> walk_cgroups(const KernelView& view);

} // namespace schedrig::kernel_view

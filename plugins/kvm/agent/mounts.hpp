// SPDX-License-Identifier: MIT
// The file systems that PID 1 mounts: proc, sysfs, devtmpfs, cgroup2, tmpfs. Enables nothing in
// them: which cgroup controllers are on is the host's decision.
#pragma once

#include <schedrig/result.hpp>

namespace schedrig::agent {

// Errors: kOs naming the mount point. One that the kernel has mounted already (devtmpfs with
// CONFIG_DEVTMPFS_MOUNT) counts as done.
[[nodiscard]] Result<> mount_all();

} // namespace schedrig::agent

// SPDX-License-Identifier: MIT
// mkdir and mount, in order.
#include "agent/mounts.hpp"

#include <cerrno>

#include <sys/mount.h>
#include <sys/stat.h>

namespace schedrig::agent {
namespace {

struct Mount {
  const char* type;
  const char* target;
  unsigned long flags;
  bool optional = false;
};

constexpr unsigned long kRestricted = MS_NOSUID | MS_NODEV | MS_NOEXEC;

constexpr Mount kMounts[] = {
    {"proc", "/proc", kRestricted},          {"sysfs", "/sys", kRestricted},
    {"devtmpfs", "/dev", MS_NOSUID},         {"cgroup2", "/sys/fs/cgroup", kRestricted},
    {"tmpfs", "/tmp", MS_NOSUID | MS_NODEV}, {"bpf", "/sys/fs/bpf", kRestricted, true},
};

} // namespace

Result<> mount_all() {
  for (const Mount& mount : kMounts) {
    // /sys/fs/cgroup is there as soon as sysfs is; mount says what is wrong if any is missing.
    if (::mkdir(mount.target, 0755) != 0 && errno != EEXIST && !mount.optional) {
      return fail_errno(errno, std::string("mkdir ") + mount.target);
    }
    if (::mount(mount.type, mount.target, mount.type, mount.flags, nullptr) != 0 &&
        errno != EBUSY && !mount.optional) {
      return fail_errno(errno, std::string("mount ") + mount.type + " on " + mount.target);
    }
  }
  return {};
}

} // namespace schedrig::agent

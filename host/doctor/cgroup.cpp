// SPDX-License-Identifier: MIT
// Finding: cgroup v2 on this machine. Guests have their own; this one is for running schedrig
// itself in a bounded cgroup and for schedulers tested on the host directly.
#include <fstream>
#include <sstream>

#include "host/doctor/finding.hpp"

namespace schedrig::doctor {

Finding find_cgroup_v2() {
  const std::string name = "cgroup v2";
  // Where systemd mounts it, alone or beside version 1 (systemd: src/shared/mount-setup.c).
  for (const std::string root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    std::ifstream file(root + "/cgroup.controllers");
    std::string line;
    if (!file || !std::getline(file, line)) {
      continue;
    }
    std::string missing;
    for (const std::string controller : {"cpu", "cpuset", "memory"}) {
      std::istringstream words(line);
      bool found = false;
      for (std::string word; words >> word;) {
        found = found || word == controller;
      }
      missing += found ? "" : (missing.empty() ? "" : ", ") + controller;
    }
    std::string observed = root;
    observed.append(" has ").append(line);
    if (missing.empty()) {
      return {name, Severity::kOk, observed, {}, {}};
    }
    return {name, Severity::kWarn, observed.append("; not: ").append(missing),
            "on this host's own cgroups those limits cannot be set; guests are not affected",
            "mount cgroup v2 with all controllers (boot with systemd.unified_cgroup_hierarchy=1)"};
  }
  return {name, Severity::kWarn, "no cgroup.controllers at /sys/fs/cgroup",
          "this host has no cgroup v2; guests are not affected",
          "mount it: mount -t cgroup2 none /sys/fs/cgroup"};
}

} // namespace schedrig::doctor

// SPDX-License-Identifier: MIT
// The shape of the machine that schedrig runs on, from sysfs: what topology = "host" means. Online
// CPUs only (Documentation/ABI/stable/sysfs-devices-system-cpu, .../stable/sysfs-devices-node and
// testing/sysfs-devices-system-cpu of Linux 6.12). Reads files; thread: any.
#pragma once

#include <string>

#include <schedrig/result.hpp>
#include <schedrig/topology.hpp>

namespace schedrig::topology {

struct HostShape {
  Topology topology; // valid; memory of its nodes is left to the scenario
  std::string note;  // in what it differs from the machine; empty: in nothing
};

// `root` stands in front of /sys: empty for this machine. An LLC that several nodes share becomes
// one in each; without caches in sysfs (some virtual machines) a package counts as one. Cores of
// unequal thread counts cannot be said in a Topology: every CPU is a core of its own then, and the
// note says so. kOs, kBadData: what could not be read; kInvalidArgument: more CPUs than kMaxCpus.
[[nodiscard]] Result<HostShape> read_host_shape(const std::string& root = {});

} // namespace schedrig::topology

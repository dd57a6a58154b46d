// SPDX-License-Identifier: MIT
// What a run could leave behind on the machine that it ran on. Thread: any.
#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace schedrig::lab {

struct HostState {
  std::set<std::string> processes; // "PID NAME", and KVM's kernel threads
  std::set<std::string> files;     // on disk, in /tmp and in /dev/shm
  std::set<std::string> cgroups;
  std::set<std::string> guests; // KVM's own list (debugfs)
  std::uint64_t shared_kib = 0; // memfds and tmpfs, guests' memory with them
  std::uint64_t available_kib = 0;
};

[[nodiscard]] HostState look_at_host();

// What there is now and was not before, one a line; empty: nothing.
[[nodiscard]] std::string left_since(const HostState& before, const HostState& now);

} // namespace schedrig::lab

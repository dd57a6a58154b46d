// SPDX-License-Identifier: MIT
// What the simulated kernel's memory shows: the machine's parts at one moment. Thread: one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <schedrig/kernel_image.hpp>

#include "plugins/mock/files/cgroup_tree.hpp"
#include "plugins/mock/files/processes.hpp"
#include "plugins/mock/sim/engine.hpp"

namespace schedrig::mock {

struct SchedulerWord {
  std::string name;
  std::uint64_t value = 0;
};
// What is known of an attached scheduler of sched_ext's.
struct SchedulerFacts {
  std::string name;
  std::uint64_t attachment = 0; // which one since the boot, from 1
  std::uint32_t exit_kind = 0;  // of one that is being ejected
  std::vector<SchedulerWord> counters;
  std::vector<SchedulerWord> parameters;
};

struct Sources {
  const Engine& engine;
  const Processes& processes;
  const CgroupTree& cgroups;
  const SchedulerFacts* scheduler = nullptr; // null: the kernel's own runs
  BtfEncoder* encoder = nullptr;             // null: nobody has asked for the image yet

  // A scheduler of sched_ext's has all tasks.
  [[nodiscard]] bool sched_ext() const { return scheduler != nullptr; }
};

// INITIAL_JIFFIES (include/linux/jiffies.h): five minutes before the low half wraps.
inline constexpr std::uint64_t kFirstJiffies =
    (1ULL << 32U) - 300 * (1'000'000'000 / static_cast<std::uint64_t>(kTickNs));
[[nodiscard]] constexpr std::uint64_t jiffies_at(Nanos now) {
  return kFirstJiffies + static_cast<std::uint64_t>(now / kTickNs);
}

} // namespace schedrig::mock

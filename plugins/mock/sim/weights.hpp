// SPDX-License-Identifier: MIT
// Nice levels as weights: sched_prio_to_weight[] (kernel/sched/core.c) and the scale that
// sched_ext shows to policies (sched_weight_to_cgroup(), kernel/sched/sched.h). Linux 6.18.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace schedrig::mock {

inline constexpr std::array<std::uint32_t, 40> kPrioToWeight = {
    88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904,
    3906,  3121,  2501,  1991,  1586,  1277,  1024,  820,   655,   526,   423,  335,  272,  215,
    172,   137,   110,   87,    70,    56,    45,    36,    29,    23,    18,   15};
inline constexpr std::uint32_t kIdleWeight = 3; // WEIGHT_IDLEPRIO

// What ops.set_weight is told: 1024 becomes 100, clamped to 1..10000.
[[nodiscard]] constexpr std::uint32_t policy_weight(std::int32_t nice, bool idle_policy) {
  const std::uint32_t weight =
      idle_policy ? kIdleWeight : kPrioToWeight[static_cast<std::size_t>(std::int64_t{nice} + 20)];
  return std::clamp<std::uint32_t>(((weight * 100) + 512) / 1024, 1, 10000);
}

} // namespace schedrig::mock

// SPDX-License-Identifier: MIT
// What keeps a simulated CPU from running, as a hypervisor does it to a vCPU: a command, or another
// vCPU that has the physical CPU which both are pinned to. Plain values, owned by the engine.
#pragma once

#include <cstdint>
#include <vector>

#include "plugins/mock/sim/costs.hpp"
#include "plugins/mock/sim/cpu_mask.hpp"

namespace schedrig::mock {

// A vCPU that shares its physical CPU runs for so long before the next one does: the base slice of
// Linux' scheduler on a host of 8 CPUs or more.
inline constexpr Nanos kPhysicalSliceNs = 3'000'000;

struct CpuStandstill {
  bool commanded = false;
  bool waits_for_turn = false;
  bool stands = false;          // one of these, and it is done
  std::uint32_t generation = 0; // of the command, for its end by time
  CpuId pinned_to = kNoCpu;     // physical CPU; none: it has one of its own
  Nanos since = 0;              // when it stands
  Nanos overhead_left = 0;      // of the task that it runs: before it works again
  Nanos stolen = 0;             // time that it stood, without this one
};

// A physical CPU that several vCPUs are pinned to. Those in a task take turns.
struct SharedCpu {
  CpuId physical = kNoCpu;
  std::vector<CpuId> vcpus; // ascending
  CpuId turn = kNoCpu;      // whose it is
  bool slice_armed = false;
};

} // namespace schedrig::mock

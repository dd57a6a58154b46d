// SPDX-License-Identifier: MIT
// MachineState: a simulated machine at one moment, as values: what a template of mock is made of.
// Left out: the attached policy, which is a plugin's and cannot be copied; what the spec says; what
// the host was told. Thread: one.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <schedrig/backend.hpp>

#include "plugins/mock/files/cgroup_tree.hpp"
#include "plugins/mock/files/irq_files.hpp"
#include "plugins/mock/files/processes.hpp"
#include "plugins/mock/files/sched_ext_files.hpp"
#include "plugins/mock/kernel/guest_kernel.hpp"
#include "plugins/mock/sim/engine_state.hpp"
#include "plugins/mock/work/payload_tasks.hpp"
#include "plugins/mock/work/workers.hpp"

namespace schedrig::mock {

// What two machines must have in common for one to stand for the other, by name. Neither programs
// nor faults: a machine brings its own, wherever it starts from.
using MachineFields = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] MachineFields machine_fields(const MachineSpec& spec);

struct MachineState {
  MachineFields fields;
  std::uint64_t seed = 0; // of the random choices so far
  EngineState engine;
  Workers workers;
  PayloadTasks payloads;
  Processes processes;
  CgroupState cgroups;
  IrqFiles irqs;
  SchedExtState sched_ext;
  GuestKernel kernel;
  std::vector<std::int32_t> task_pids; // by TaskId
  std::vector<bool> groups_used;       // numbers of worker groups
};

} // namespace schedrig::mock

// SPDX-License-Identifier: MIT
// A snapshot of the kernel: what its CPUs, tasks, queues, cgroups and BPF maps were at one moment.
// Read while the machine stands still, as plain bytes and numbers; rendered when it runs again.
//
// What one part's structures keep from being read is that part's error; the others are there.
// Thread: host. Ownership: values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <schedrig/result.hpp>
#include <schedrig/vcpus.hpp>

#include "host/json/value.hpp"
#include "host/kernel_view/bpf_walk.hpp"
#include "host/kernel_view/cgroup_walk.hpp"
#include "host/kernel_view/cpu_walk.hpp"
#include "host/kernel_view/dsq_walk.hpp"
#include "host/kernel_view/task_walk.hpp"

namespace schedrig::kernel_view {

struct VcpuSnapshot {
  VcpuRegisters registers;
  std::vector<std::uint8_t> stack; // from rsp on; empty in user mode, and where rsp leads nowhere
};

struct MapSnapshot {
  MapFacts facts;
  Result<MapEntries> entries;
  Result<std::vector<std::uint8_t>> types; // BTF; empty: the map has none
};

struct KernelSnapshot {
  Result<std::vector<VcpuSnapshot>> vcpus;
  Result<std::vector<CpuFacts>> cpus;
  Result<std::vector<TaskFacts>> tasks;
  Result<std::vector<DsqFacts>> dsqs;
  Result<std::vector<CgroupFacts>> cgroups;
  Result<std::vector<MapSnapshot>> maps;
  Result<std::vector<ProgramFacts>> programs;
};

// The machine stands still. `vcpus`: null where the machine does not give its registers.
[[nodiscard]] KernelSnapshot read_snapshot(const KernelView& view, VcpusFacet* vcpus);

// As docs/reference/snapshots.md has it: "vcpus", "cpus", "tasks", "dsqs", "cgroups",
// "bpf_maps", "maps" and "bpf_programs"; a part that could not be read is { "error": ... }.
[[nodiscard]] json::Value render_snapshot(const KernelView& view, const KernelSnapshot& snapshot);

} // namespace schedrig::kernel_view

// SPDX-License-Identifier: MIT
#include <algorithm>

#include "host/kernel_view/kernel_snapshot.hpp"

namespace schedrig::kernel_view {
namespace {

// THREAD_SIZE and IRQ_STACK_SIZE of x86-64: stacks lie at multiples of it.
constexpr std::uint64_t kStackBytes = 16'384;
constexpr std::uint64_t kKernelHalf = 1ULL << 63U;
// Of each map: what people look at. A snapshot of a hundred maps takes 25 MiB at most.
constexpr std::uint32_t kMostEntries = 1'024;
constexpr std::uint64_t kMostMapBytes = 256U << 10U;

VcpuSnapshot with_stack(const KernelMemory& memory, const VcpuRegisters& registers) {
  VcpuSnapshot vcpu{.registers = registers, .stack = {}};
  if (registers.started == 0 || registers.rip < kKernelHalf || registers.rsp < kKernelHalf) {
    return vcpu;
  }
  vcpu.stack.resize(kStackBytes - (registers.rsp % kStackBytes));
  if (!memory.read(registers.rsp, vcpu.stack)) {
    vcpu.stack.clear(); // on one of the small stacks of exceptions, or on none
  }
  return vcpu;
}

Result<std::vector<VcpuSnapshot>> read_vcpus(const KernelView& view, VcpusFacet* facet) {
  if (facet == nullptr) {
    return fail(StatusCode::kUnsupported, "the machine does not give its CPUs' registers (" +
                                              std::string(VcpusFacet::kInterfaceId) + ")");
  }
  std::vector<VcpuSnapshot> vcpus;
  const std::uint32_t count = facet->count();
  for (std::uint32_t i = 0; i < count; ++i) {
    VcpuRegisters registers;
    TRY(from_status(facet->registers(i, &registers)));
    vcpus.push_back(with_stack(view.memory(), registers));
  }
  return vcpus;
}

Result<std::vector<TaskFacts>> read_tasks(const KernelView& view) {
  auto walk = TRY(TaskWalk::of(view));
  return walk.all();
}

Result<std::vector<MapSnapshot>> read_maps(const KernelView& view) {
  auto walk = TRY(BpfWalk::of(view));
  const std::vector<MapFacts> maps = TRY(walk.maps());
  std::vector<MapSnapshot> all;
  for (const MapFacts& map : maps) {
    all.push_back(
        {.facts = map,
         .entries = walk.entries(map, kMostEntries, kMostMapBytes),
         .types = map.btf == 0 ? Result<std::vector<std::uint8_t>>() : walk.types_of(map)});
  }
  return all;
}

Result<std::vector<ProgramFacts>> read_programs(const KernelView& view) {
  auto walk = TRY(BpfWalk::of(view));
  return walk.programs();
}

} // namespace

KernelSnapshot read_snapshot(const KernelView& view, VcpusFacet* vcpus) {
  return {.vcpus = read_vcpus(view, vcpus),
          .cpus = walk_cpus(view),
          .tasks = read_tasks(view),
          .dsqs = walk_dsqs(view),
          .cgroups = walk_cgroups(view),
          .maps = read_maps(view),
          .programs = read_programs(view)};
}

} // namespace schedrig::kernel_view

// SPDX-License-Identifier: MIT
// GuestKernel: the simulated machine's memory with a small kernel in it, as a host that looks into
// it from outside finds it: page tables, symbols, per-CPU areas, tasks, cgroups.
//
// It is written when somebody looks, from the state of the simulation at that moment, which stands
// still between the host's calls: exact, and a run that nobody looks into pays nothing. A value: a
// copy is another machine's. Thread: one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <schedrig/result.hpp>

#include "plugins/mock/kernel/address_space.hpp"
#include "plugins/mock/kernel/cgroup_mirrors.hpp"
#include "plugins/mock/kernel/map_mirrors.hpp"
#include "plugins/mock/kernel/mirror.hpp"
#include "plugins/mock/kernel/sources.hpp"
#include "plugins/mock/kernel/task_mirrors.hpp"

namespace schedrig::mock {

// Code that writes to a word of the kernel's: the function itself, then who has called it.
struct WriteSite {
  CpuId cpu = 0;
  std::span<const layout::Function> functions;
};

class GuestKernel {
 public:
  // The kernel is put there when somebody looks first.
  GuestKernel(std::uint64_t memory_bytes, const KernelOptions& options, std::uint64_t seed);

  // Memory is not what the simulation is any more.
  void outdate() { outdated_ = true; }
  [[nodiscard]] bool outdated() const { return outdated_; }
  // kUnsupported: the machine's memory is full of its kernel's objects.
  Result<> update(const Sources& from);

  // The BPF maps of the attached scheduler, and those that are pinned.
  [[nodiscard]] MapMirrors& maps() { return maps_; }
  Result<> unpin_maps() { return maps_.unpin_all(space_); }

  [[nodiscard]] const AddressSpace& space() const { return space_; }
  [[nodiscard]] Ram& ram() { return space_.ram(); }
  // All below: behind an update().
  [[nodiscard]] std::uint64_t code(layout::Function function) const {
    return space_.image(layout::place_of(function)) + kIntoFunction;
  }
  [[nodiscard]] std::uint64_t per_cpu_offset(CpuId cpu) const { return cpus_[cpu].offset; }
  // Linear, of the attached scheduler's exit_kind.
  [[nodiscard]] std::optional<std::uint64_t> exit_kind() const;
  // Of a word that has just grown or shrunk.
  [[nodiscard]] WriteSite write_site(std::uint64_t physical, bool grows) const;
  // Where the stack of a CPU in its idle loop ends.
  [[nodiscard]] std::uint64_t idle_rsp(CpuId cpu) const {
    return space_.stack(cpu) + layout::kStackBytes - kIdleStackBytes;
  }

 private:
  struct CpuArea {
    Mirror<guest::Rq> queue;
    Mirror<guest::KernelCpustat> times;
    Mirror<guest::ScxEventStats> events;
    std::uint64_t offset = 0; // __per_cpu_offset
  };

  // Any place behind a function's first instruction and before its last.
  static constexpr std::uint64_t kIntoFunction = 0x1c;
  static constexpr std::uint64_t kIdleStackBytes = 0x40;

  Result<> set_up(std::uint32_t cpus);
  void put_idle_stack(std::uint32_t cpu);
  void store_jiffies(Nanos now);
  void store_cpus(const Sources& from);

  AddressSpace space_;
  std::vector<CpuArea> cpus_;            // empty: nobody has looked yet
  std::vector<std::uint64_t> runqueues_; // linear
  CgroupMirrors cgroups_;
  TaskMirrors tasks_;
  MapMirrors maps_;
  std::uint64_t jiffies_;
  bool outdated_ = true;
};

} // namespace schedrig::mock

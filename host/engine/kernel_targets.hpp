// SPDX-License-Identifier: MIT
// TargetResolver: where in guest-physical memory a kernel target lies. The seam between the ops on
// kernel memory, which know batches and freeze windows, and what knows the kernel that runs
// (symbols, page tables, types). Thread: host.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <schedrig/guest_memory.hpp>
#include <schedrig/kernel_targets.hpp>
#include <schedrig/result.hpp>

namespace schedrig::engine {

// Whether the machine's CPUs stand still while the target is looked up and used.
enum class KernelState : std::uint8_t { kRunning, kFrozen };

class TargetResolver {
 public:
  virtual ~TargetResolver() = default;

  // The places of the target's bytes, in their order and `bytes` long together; more than one where
  // it crosses into a page that lies elsewhere. Reads memory, writes none. Errors say which part of
  // the target is wrong and what there is instead; kUnsupported: not in this state.
  virtual Result<std::vector<MemoryRange>> resolve(const KernelTarget& target, std::uint32_t bytes,
                                                   KernelState state) = 0;

  // What takes time and can be done while the machine runs: it finds the kernel. resolve() does it
  // otherwise.
  virtual Result<> prepare() { return {}; }

  // The address by which the kernel's CPUs write to the target. kUnsupported: it is not known.
  virtual Result<std::uint64_t> linear_address(const KernelTarget& target, std::uint32_t bytes);
  // "update_wall_time+0x1c" for an address in the kernel's image; empty where that is not known.
  virtual std::string symbol_at(std::uint64_t linear);
};

// "symbol jiffies_64", "per_cpu runqueues.clock of CPU 0", for messages and reports.
[[nodiscard]] std::string to_string(const KernelTarget& target);

} // namespace schedrig::engine

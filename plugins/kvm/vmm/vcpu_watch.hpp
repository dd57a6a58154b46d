// SPDX-License-Identifier: MIT
// VcpuWatch: one vCPU's part in the machine's watches: it gives them to its CPU, tells of hits, and
// hands the guest back what is the guest's own. Thread: the vCPU's.
//
// While a watch is armed KVM holds the guest's own debug registers back (Documentation/virt/kvm/
// api.rst, KVM_SET_GUEST_DEBUG): breakpoints that the guest sets in them do not fire.
#pragma once

#include <cstdint>
#include <optional>

#include <linux/kvm.h>

#include <schedrig/result.hpp>

#include "guest_memory.hpp"
#include "watches.hpp"

namespace schedrig::kvm {

class VcpuWatch {
 public:
  // All outlive it.
  VcpuWatch(int vcpu_fd, std::uint32_t index, Watches& watches, const GuestMemory& memory) noexcept
      : fd_(vcpu_fd), index_(index), watches_(watches), memory_(memory) {}

  // Before the vCPU runs: takes a change that it has not taken.
  void take_changes();

  // KVM_EXIT_DEBUG.
  [[nodiscard]] Result<> on_debug_exit(const kvm_debug_exit_arch& exit);

 private:
  [[nodiscard]] std::optional<Gpa> translate(std::uint64_t linear) const;
  [[nodiscard]] std::optional<std::uint64_t> value_of(const WatchSpec& spec) const;
  [[nodiscard]] WatchHit look(const WatchSpec& spec, std::uint64_t pc) const;
  [[nodiscard]] std::vector<std::uint64_t> stack_from(std::uint64_t rsp) const;
  [[nodiscard]] Result<> give_back(std::uint64_t dr6) const;

  int fd_;
  std::uint32_t index_;
  Watches& watches_;
  const GuestMemory& memory_;
  std::uint64_t taken_ = 0; // the change that the CPU has
};

} // namespace schedrig::kvm

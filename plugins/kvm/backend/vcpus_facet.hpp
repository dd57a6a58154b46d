// SPDX-License-Identifier: MIT
// The facets of vCPUs over the VM. Thread: host thread. Errors: vcpus.hpp, watchdog.hpp.
#pragma once

#include <schedrig/vcpus.hpp>
#include <schedrig/watchdog.hpp>

#include "vmm/vm.hpp"

namespace schedrig::kvm {

class VmVcpus final : public VcpusFacet {
 public:
  // `vm` outlives it.
  explicit VmVcpus(const Vm& vm) noexcept : vm_(vm) {}

  std::uint32_t count() noexcept override { return vm_.vcpu_count(); }
  Status registers(std::uint32_t vcpu, VcpuRegisters* out) noexcept override;

 private:
  const Vm& vm_;
};

class VmWatchdog final : public WatchdogFacet {
 public:
  // `vm` outlives it.
  VmWatchdog(const Vm& vm, std::int64_t timeout_ns) noexcept : vm_(vm), timeout_ns_(timeout_ns) {}

  std::int64_t timeout_ns() noexcept override { return timeout_ns_; }
  Status stolen(std::uint32_t vcpu, std::int64_t* ns) noexcept override;

 private:
  const Vm& vm_;
  std::int64_t timeout_ns_;
};

} // namespace schedrig::kvm

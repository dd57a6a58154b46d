// SPDX-License-Identifier: MIT
// The vCPU control facet over the VM: its vCPUs' threads. The pool are the CPUs of the host that
// this process may run on, in ascending order. Thread: host thread. Errors: vcpu_control.hpp.
#pragma once

#include <cstdint>
#include <vector>

#include <schedrig/vcpu_control.hpp>

#include "backend/machine_clock.hpp"
#include "vmm/vm.hpp"

namespace schedrig::kvm {

class VmVcpuControl final : public VcpuControlFacet {
 public:
  // Both outlive it.
  VmVcpuControl(Vm& vm, const MachineClock& clock);

  std::uint32_t physical_cpus() noexcept override {
    return static_cast<std::uint32_t>(pool_.size());
  }
  Status stop(std::uint32_t vcpu, std::int64_t until_ns) noexcept override;
  Status resume(std::uint32_t vcpu) noexcept override;
  Status yield(std::uint32_t vcpu) noexcept override;
  Status pin(std::uint32_t vcpu, std::uint32_t physical_cpu) noexcept override;
  Status unpin(std::uint32_t vcpu) noexcept override;

 private:
  Vm& vm_;
  const MachineClock& clock_;
  std::vector<std::uint32_t> pool_; // host CPUs
};

} // namespace schedrig::kvm

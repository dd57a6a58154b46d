// SPDX-License-Identifier: MIT
// The vCPUs facet over the VM. Thread: host thread. Errors: vcpus.hpp.
#pragma once

#include <schedrig/vcpus.hpp>

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

} // namespace schedrig::kvm

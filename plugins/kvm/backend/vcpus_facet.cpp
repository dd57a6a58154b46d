// SPDX-License-Identifier: MIT
#include "backend/vcpus_facet.hpp"

#include <schedrig/export.hpp>

namespace schedrig::kvm {

Status VmVcpus::registers(std::uint32_t vcpu, VcpuRegisters* out) noexcept {
  return guard("registers", [&]() -> Result<> {
    *out = TRY(vm_.registers(vcpu));
    return {};
  });
}

} // namespace schedrig::kvm

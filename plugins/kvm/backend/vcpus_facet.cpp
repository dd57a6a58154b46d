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

Status VmWatchdog::stolen(std::uint32_t vcpu, std::int64_t* ns) noexcept {
  return guard("stolen", [&]() -> Result<> {
    *ns = TRY(vm_.stolen(vcpu)).count();
    return {};
  });
}

} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// The registers of a vCPU that does not run, as the SDK has them. Errors: each refused call by
// name. Thread: any.
#pragma once

#include <schedrig/result.hpp>
#include <schedrig/vcpus.hpp>

namespace schedrig::kvm {

[[nodiscard]] Result<VcpuRegisters> read_registers(int vcpu_fd);

} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// The registers of the simulated CPUs: what the kernel would have in them, of which the simulation
// knows the task, the mode and the function. Thread: one.
#pragma once

#include <schedrig/vcpus.hpp>

#include "plugins/mock/kernel/guest_kernel.hpp"

namespace schedrig::mock {

// In the idle loop, in the switch to a task, or in user mode at one place of the program: between
// calls of the host the simulation is nowhere else. Requires an update() of `kernel`.
[[nodiscard]] VcpuRegisters registers_of(const GuestKernel& kernel, const Engine& engine,
                                         CpuId cpu);

} // namespace schedrig::mock

// SPDX-License-Identifier: MIT
// carry_out: one batch of reads or writes of kernel memory. Thread: host.
#pragma once

#include <vector>

#include <schedrig/guest_memory.hpp>
#include <schedrig/kernel_wire.hpp>
#include <schedrig/result.hpp>

#include "host/engine/kernel_targets.hpp"

namespace schedrig::engine {

// Resolves every target and checks every access before the first byte is read or written, so that a
// bad entry, which the error names by its place from 1, leaves memory as it was. A cold request
// requires that the machine's CPUs stand still. Returns a read's values in order; a write's are
// none.
Result<std::vector<KernelValue>> carry_out(const KernelRequest& request, TargetResolver& targets,
                                           MemoryFacet& memory);

// What a read of this width asks for: zeros of its size.
[[nodiscard]] KernelValue zero_of(const KernelWidth& width);

} // namespace schedrig::engine

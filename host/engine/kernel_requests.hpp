// SPDX-License-Identifier: MIT
// From an op on kernel memory to its request, and from the reply to the run's results. Thread:
// host.
#pragma once

#include <schedrig/kernel_wire.hpp>

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

inline constexpr std::uint32_t kNoWindow = 0; // of a hot request

[[nodiscard]] KernelRequest request_of(const ReadKernelHot& op);
[[nodiscard]] KernelRequest request_of(const ReadKernelCold& op);
[[nodiscard]] KernelRequest request_of(const WriteKernelHot& op);
[[nodiscard]] KernelRequest request_of(const WriteKernelCold& op);

// carry_out (kernel_access.hpp) on the session's machine. kUnsupported: it lacks a facet for it.
Result<std::vector<KernelValue>> carry_out(Session& session, const KernelRequest& request);

// Before a window: TargetResolver::prepare, which takes longer than any window should.
[[nodiscard]] Result<> find_kernel(Session& session);

// carry_out; what was read is put into the report under the request's tag.
Result<> carry_out_and_record(OpContext& context, const KernelRequest& request,
                              std::uint32_t window);

} // namespace schedrig::engine

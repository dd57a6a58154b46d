// SPDX-License-Identifier: MIT
// Handler of the op that takes a snapshot of the kernel. Thread: host.
#pragma once

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

Result<> apply(OpContext& context, const CaptureSnapshot& op);

} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
// The op on BPF maps. Thread: the engine's.
#pragma once

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

Result<> apply(OpContext& context, const PinBpfMap& op);

// At the run's end: lets go of what the run has pinned, if anything.
Result<> unpin_maps(Session& session);

} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
// Handlers of the ops on schedulers. Meanings and error cases: docs/reference/ops.md.
#pragma once

#include <schedrig/ops.hpp>

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

Result<> apply(OpContext& context, const AttachScheduler& op);
Result<> apply(OpContext& context, const DetachScheduler& op);
Result<> apply(OpContext& context, const RestartScheduler& op);
Result<> apply(OpContext& context, const ReplaceScheduler& op);

} // namespace schedrig::engine

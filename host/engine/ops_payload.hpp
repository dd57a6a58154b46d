// SPDX-License-Identifier: MIT
// Handlers of the payload ops. Meanings and error cases: docs/reference/ops.md.
#pragma once

#include <schedrig/ops.hpp>

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

Result<> apply(OpContext& context, const RunPayload& op);
Result<> apply(OpContext& context, const WaitPayload& op);
Result<> apply(OpContext& context, const KillPayload& op);

} // namespace schedrig::engine

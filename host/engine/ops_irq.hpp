// SPDX-License-Identifier: MIT
// The op steer_irq. Meaning and error cases: docs/reference/ops.md.
#pragma once

#include <schedrig/ops.hpp>

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

Result<> apply(OpContext& context, const SteerIrq& op);

} // namespace schedrig::engine

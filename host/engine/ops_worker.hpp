// SPDX-License-Identifier: MIT
// Handler of spawn. Meaning and error cases: docs/reference/ops.md.
#pragma once

#include <schedrig/ops.hpp>

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

Result<> apply(OpContext& context, const Spawn& op);

} // namespace schedrig::engine

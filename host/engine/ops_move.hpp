// SPDX-License-Identifier: MIT
// The op move_all_tasks. Meaning, ownership and error cases: docs/reference/ops.md.
#pragma once

#include <schedrig/ops.hpp>

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

Result<> apply(OpContext& context, const MoveAllTasks& op);

} // namespace schedrig::engine

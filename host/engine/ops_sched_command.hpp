// SPDX-License-Identifier: MIT
// sched_command and raise_event: scheduling commands of the scenario, which acts as the hardware
// domain. Thread: host. Errors: a command that was refused has its errno, with what it means here.
#pragma once

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

Result<> apply(OpContext& context, const SchedCommand& op);
Result<> apply(OpContext& context, const RaiseEvent& op);

} // namespace schedrig::engine

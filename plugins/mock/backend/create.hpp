// SPDX-License-Identifier: MIT
// A machine from what the host says of it. Thread: the host's.
#pragma once

#include <memory>

#include <schedrig/backend.hpp>

#include "plugins/mock/backend/machine.hpp"

namespace schedrig::mock {

// Checks topology and parameters; kInvalidArgument says which is wrong. `origin`: as of
// MockMachine.
Status create(const MachineSpec& spec, EventSink& events, const MachineState* origin,
              Machine** out);

} // namespace schedrig::mock

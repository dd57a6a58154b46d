// SPDX-License-Identifier: MIT
// Handler of the op that watches a word of the guest kernel's memory, and the end of its watches.
// Slot 0 of the machine's belongs to the exit of the attached scheduler. Thread: host.
#pragma once

#include "host/engine/op_context.hpp"

namespace schedrig::engine {

Result<> apply(OpContext& context, const WatchSnapshot& op);

// Disarms what the scope's ops have armed and puts what it saw into the report. Also of a machine
// that has failed: what was seen until then is still known. The first error, all being tried.
Result<> end_watches(OpContext& context);

} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
// A session's machine stopped. Thread: host.
#pragma once

#include <schedrig/result.hpp>

#include "host/engine/freeze_window.hpp"
#include "host/engine/session.hpp"

namespace schedrig::engine {

// kUnsupported: the machine's CPUs cannot be stopped together; kTimeout: one did not stop in time,
// and the machine goes on; other errors mean that the machine is lost, which the session notes.
Result<FreezeWindow> freeze(Session& session);

} // namespace schedrig::engine

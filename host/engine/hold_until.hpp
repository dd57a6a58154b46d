// SPDX-License-Identifier: MIT
// The hold that ends when the kernel's memory says so. Thread: host.
#pragma once

#include <schedrig/result.hpp>
#include <schedrig/scenario.hpp>

#include "host/engine/session.hpp"

namespace schedrig::engine {

// Reads the target now and every kPollNs until the comparison holds. kTimeout: it did not in time,
// with the last value; else as carry_out (kernel_requests.hpp) and Session::wait_until.
Result<> hold_until(Session& session, const HoldUntil& hold);

} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
// Answers what programs in the machine ask the host for (schedrig/guest_requests.hpp). Hot kernel
// ops are carried out; what the machine lacks a facet for is refused with its name. Thread: host.
#pragma once

#include <schedrig/result.hpp>

#include "host/engine/session.hpp"

namespace schedrig::engine {

// Replies to the requests that wait, to at most some at a time. Errors: the machine did not take a
// reply; a program that waits no more is no error.
Result<> answer_guest_requests(Session& session);

} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
// Taking on an identity: the kernel's random numbers and its wall clock.
// Needs the rights of PID 1. Errors: kOs names the call. Thread: any.
#pragma once

#include <schedrig/result.hpp>

#include "channel/identity_messages.hpp"

namespace schedrig::agent {

[[nodiscard]] Result<> take_on(const kvm::Identity& identity);

} // namespace schedrig::agent

// SPDX-License-Identifier: MIT
// What programs in the machine may have done, however they ask for it: by a socket
// (guest_requests.hpp) or by the submission ring (ring_requests.hpp). Thread: host.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <schedrig/kernel_wire.hpp>
#include <schedrig/result.hpp>

#include "host/engine/session.hpp"

namespace schedrig::engine {

// A cold request gets a freeze window of its own, which is recorded.
Result<std::vector<KernelValue>> carry_out_for_program(Session& session,
                                                       const KernelRequest& request);

// The same of a KernelRequest in its wire format; the KernelReply's bytes. kBadData: no request.
// kInvalidArgument: a reply of more than 64 KiB.
Result<std::vector<std::uint8_t>> carry_out_message(Session& session,
                                                    std::span<const std::uint8_t> message);

// Without a tag it is called "request". kUnsupported: nobody can take one.
[[nodiscard]] Result<> take_program_snapshot(Session& session, const std::string& tag);

} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
// Outcome on the wire, shared by the message files of this folder only.
#pragma once

#include "channel/byte_codec.hpp"
#include "channel/messages.hpp"

namespace schedrig::kvm {

void put_outcome(ByteWriter& out, const Outcome& outcome);
// A code outside StatusCode fails the reader's message: the caller checks the returned flag.
[[nodiscard]] bool get_outcome(ByteReader& in, Outcome& outcome);

[[nodiscard]] inline std::unexpected<Error> malformed(std::string_view message) {
  return fail(StatusCode::kBadData,
              "malformed " + std::string(message) + " message on the control channel");
}

} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// What a machine is told that was saved and started again: everything that it would else share with
// all others that start from there. Rules as in messages.hpp.
#pragma once

#include "channel/messages.hpp"

namespace schedrig::kvm {

struct Identity {
  std::uint32_t request = 0;
  std::int64_t wall_clock_ns = 0; // CLOCK_REALTIME of the host when it was sent
  std::uint64_t seed = 0;         // of the machine
  Bytes entropy;                  // kMinEntropyBytes to kMaxEntropyBytes
};

[[nodiscard]] Bytes encode_identity(const Identity& identity);
[[nodiscard]] Result<Identity> decode_identity(ByteView payload);

} // namespace schedrig::kvm

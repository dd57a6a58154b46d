// SPDX-License-Identifier: MIT
#include "channel/identity_messages.hpp"

#include "channel/byte_codec.hpp"
#include "channel/frame.hpp"
#include "channel/outcome_codec.hpp"

namespace schedrig::kvm {

Bytes encode_identity(const Identity& identity) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(identity.request);
  out.put(identity.wall_clock_ns);
  out.put(identity.seed);
  out.text({reinterpret_cast<const char*>(identity.entropy.data()), identity.entropy.size()});
  return encode_frame(MessageType::kIdentityRequest, payload);
}

Result<Identity> decode_identity(ByteView payload) {
  ByteReader in(payload);
  Identity identity;
  identity.request = in.get<std::uint32_t>();
  identity.wall_clock_ns = in.get<std::int64_t>();
  identity.seed = in.get<std::uint64_t>();
  const auto entropy = std::as_bytes(std::span(in.text(kMaxEntropyBytes)));
  if (!in.complete() || entropy.size() < kMinEntropyBytes || identity.wall_clock_ns < 0) {
    return malformed("identity");
  }
  identity.entropy.assign(entropy.begin(), entropy.end());
  return identity;
}

} // namespace schedrig::kvm

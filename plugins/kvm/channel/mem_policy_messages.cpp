// SPDX-License-Identifier: MIT
#include "channel/mem_policy_messages.hpp"

#include "channel/byte_codec.hpp"
#include "channel/frame.hpp"
#include "channel/outcome_codec.hpp"

namespace schedrig::kvm {

Bytes encode_mem_policy_request(std::uint32_t request, MemPolicyMode mode,
                                std::span<const std::uint32_t> nodes) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(request);
  out.put(static_cast<std::uint32_t>(mode));
  out.put(static_cast<std::uint32_t>(nodes.size()));
  for (const std::uint32_t node : nodes) {
    out.put(node);
  }
  return encode_frame(MessageType::kMemPolicyRequest, payload);
}

Result<MemPolicyRequest> decode_mem_policy_request(ByteView payload) {
  ByteReader in(payload);
  MemPolicyRequest message;
  message.request = in.get<std::uint32_t>();
  const auto mode = in.get<std::uint32_t>();
  message.nodes.resize(in.count(kMaxMemNodes, sizeof(std::uint32_t)));
  for (std::uint32_t& node : message.nodes) {
    node = in.get<std::uint32_t>();
  }
  if (!in.complete() || mode >= kMemPolicyModes) {
    return malformed("memory policy request");
  }
  message.mode = static_cast<MemPolicyMode>(mode);
  return message;
}

} // namespace schedrig::kvm

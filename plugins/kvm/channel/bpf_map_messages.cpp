// SPDX-License-Identifier: MIT
#include "channel/bpf_map_messages.hpp"

#include "channel/byte_codec.hpp"
#include "channel/frame.hpp"
#include "channel/outcome_codec.hpp"

namespace schedrig::kvm {

Bytes encode_map_pin_request(std::uint32_t request, std::string_view name, std::string_view path) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(request);
  out.text(name);
  out.text(path);
  return encode_frame(MessageType::kMapPin, payload);
}

Result<MapPinRequest> decode_map_pin_request(ByteView payload) {
  ByteReader in(payload);
  MapPinRequest message;
  message.request = in.get<std::uint32_t>();
  message.name = in.text(kMaxBpfMapName);
  message.path = in.text(kMaxPathBytes);
  if (!in.complete() || message.name.empty() || message.path.empty() ||
      message.path.find('\0') != std::string::npos) {
    return malformed("map pin");
  }
  return message;
}

} // namespace schedrig::kvm

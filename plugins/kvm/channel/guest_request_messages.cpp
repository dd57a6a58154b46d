// SPDX-License-Identifier: MIT
#include "channel/guest_request_messages.hpp"

#include "channel/byte_codec.hpp"
#include "channel/frame.hpp"
#include "channel/outcome_codec.hpp"

namespace schedrig::kvm {

Bytes encode_guest_request(const GuestRequestMessage& message) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(message.number);
  out.put(message.kind);
  out.text(message.body);
  return encode_frame(MessageType::kGuestRequest, payload);
}

Result<GuestRequestMessage> decode_guest_request(ByteView payload) {
  ByteReader in(payload);
  GuestRequestMessage message;
  message.number = in.get<std::uint32_t>();
  message.kind = in.get<std::uint32_t>();
  message.body = in.text(kMaxGuestRequestBytes);
  if (!in.complete()) {
    return malformed("guest request");
  }
  return message;
}

Bytes encode_guest_reply(const GuestReplyMessage& message) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(message.request);
  out.put(message.number);
  out.put(static_cast<std::uint32_t>(message.code));
  out.put(message.os_errno);
  out.text(message.body);
  return encode_frame(MessageType::kGuestReply, payload);
}

Result<GuestReplyMessage> decode_guest_reply(ByteView payload) {
  ByteReader in(payload);
  GuestReplyMessage message;
  message.request = in.get<std::uint32_t>();
  message.number = in.get<std::uint32_t>();
  const auto code = in.get<std::uint32_t>();
  message.os_errno = in.get<std::int32_t>();
  message.body = in.text(kMaxGuestRequestBytes);
  if (!in.complete() || code > static_cast<std::uint32_t>(StatusCode::kSchedulerExit)) {
    return malformed("guest reply");
  }
  message.code = static_cast<StatusCode>(code);
  return message;
}

} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// Messages of requests that programs in the guest make, and the host's replies to them.
//
// kGuestRequest comes unasked and has no request id of the host's; kGuestReply is a request of the
// host's, which an Answer (messages.hpp) follows: kNotFound when the program waits no more. Views
// of a decoded message point into its payload. Errors: kBadData. Thread: any.
#pragma once

#include <schedrig/guest_requests.hpp>

#include "channel/messages.hpp"

namespace schedrig::kvm {

struct GuestRequestMessage {
  std::uint32_t number = 0; // the agent's
  std::uint32_t kind = 0;
  std::string_view body;
};

struct GuestReplyMessage {
  std::uint32_t request = 0;
  std::uint32_t number = 0;
  StatusCode code = StatusCode::kOk;
  std::int32_t os_errno = 0;
  std::string_view body;
};

// Requires: the bodies are within kMaxGuestRequestBytes.
[[nodiscard]] Bytes encode_guest_request(const GuestRequestMessage& message);
[[nodiscard]] Result<GuestRequestMessage> decode_guest_request(ByteView payload);
[[nodiscard]] Bytes encode_guest_reply(const GuestReplyMessage& message);
[[nodiscard]] Result<GuestReplyMessage> decode_guest_reply(ByteView payload);

} // namespace schedrig::kvm

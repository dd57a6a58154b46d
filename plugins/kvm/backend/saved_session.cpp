// SPDX-License-Identifier: MIT
#include "backend/saved_session.hpp"

#include "channel/frame.hpp"
#include "template/struct_codec.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::size_t kMaxHelloBytes = 2048;
// The longest frame is shorter.
constexpr std::size_t kMaxUnreadBytes = 16U << 20;

} // namespace

Bytes encode_session(const SavedSession& session) {
  Bytes bytes;
  ByteWriter out(bytes);
  put_bytes(out, ByteView(encode_hello(session.hello)).subspan(kFrameHeaderBytes));
  out.put(session.link.last_request);
  put_bytes(out, session.link.unread);
  return bytes;
}

Result<SavedSession> decode_session(ByteView bytes) {
  ByteReader in(bytes);
  SavedSession session;
  const Bytes hello = get_bytes(in, kMaxHelloBytes);
  session.link.last_request = in.get<std::uint32_t>();
  session.link.unread = get_bytes(in, kMaxUnreadBytes);
  if (!in.complete()) {
    return fail(StatusCode::kBadData, "saved machine: malformed session with the agent");
  }
  session.hello = TRY(decode_hello(hello));
  return session;
}

} // namespace schedrig::kvm

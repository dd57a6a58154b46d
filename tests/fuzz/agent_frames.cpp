// SPDX-License-Identifier: MIT
// The control channel: a stream in pieces of any size, and every message decoder on its frames. The
// first byte says how the stream is cut.
#include <algorithm>

#include "channel/file_messages.hpp"
#include "channel/frame.hpp"
#include "channel/guest_request_messages.hpp"
#include "channel/identity_messages.hpp"
#include "channel/mem_policy_messages.hpp"
#include "channel/messages.hpp"
#include "channel/payload_messages.hpp"
#include "channel/task_messages.hpp"
#include "tests/fuzz/target.hpp"

namespace schedrig::kvm {
namespace {

template <class Decoded> void look_at(const Result<Decoded>& decoded) {
  fuzz::require(decoded || decoded.error().code == StatusCode::kBadData, "bad data is said so");
}

// Whatever the frame's type: an end that is confused may ask any decoder.
void decode_all(ByteView payload) {
  look_at(decode_hello(payload));
  look_at(decode_text_line(payload));
  look_at(decode_answer(payload));
  look_at(decode_bare(payload));
  look_at(decode_clock_reply(payload));
  look_at(decode_file_request(payload));
  look_at(decode_file_reply(payload));
  look_at(decode_file_done(payload));
  look_at(decode_spawn_request(payload));
  look_at(decode_spawn_reply(payload));
  look_at(decode_group_request(payload));
  look_at(decode_pin_request(payload));
  look_at(decode_worker_report(payload));
  look_at(decode_mem_policy_request(payload));
  look_at(decode_stage_piece(payload));
  look_at(decode_payload_spawn(payload));
  look_at(decode_payload_spawn_reply(payload));
  look_at(decode_payload_request(payload));
  look_at(decode_output_piece(payload));
  look_at(decode_payload_tail(payload));
  look_at(decode_payload_end(payload));
  look_at(decode_payload_ended(payload));
  look_at(decode_guest_request(payload));
  look_at(decode_guest_reply(payload));
  look_at(decode_identity(payload));
}

void parse(ByteView stream, std::size_t piece) {
  FrameParser parser;
  while (!stream.empty()) {
    const std::size_t n = std::min(piece, stream.size());
    parser.push(stream.first(n));
    stream = stream.subspan(n);
    while (const auto parsed = parser.next()) {
      if (parsed->kind == ParsedKind::kFrame) {
        fuzz::require(max_payload(static_cast<std::uint32_t>(parsed->type)).has_value(),
                      "a frame's type is known");
        decode_all(parsed->payload);
      } else {
        fuzz::require(parsed->skipped > 0, "what is no frame costs bytes");
      }
    }
  }
}

} // namespace
} // namespace schedrig::kvm

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace schedrig;
  if (size == 0) {
    return 0;
  }
  const auto stream = std::as_bytes(std::span(data + 1, size - 1));
  kvm::parse(stream, std::size_t{data[0]} + 1);
  kvm::decode_all(stream);
  return 0;
}

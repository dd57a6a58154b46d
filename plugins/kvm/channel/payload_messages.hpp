// SPDX-License-Identifier: MIT
// Messages of payloads: staging of files, spawn, start, terminate, collect, kill, and what a
// payload left.
//
// A stage request carries one piece of a file; pieces come in order, the last one says so. Stage,
// start and terminate are answered by an Answer (messages.hpp). Collect and kill are answered by
// pieces of output and then a PayloadEnd. Tails come unasked: they are all that is left of a
// payload's output when the guest dies. Times are guest CLOCK_MONOTONIC. Errors: kBadData. Thread:
// any.
#pragma once

#include <schedrig/payloads.hpp>

#include "channel/messages.hpp"

namespace schedrig::kvm {

// Views of a decoded message point into the payload it was decoded from.
struct StagePiece {
  std::uint32_t request = 0;
  std::uint32_t mode = 0; // permission bits
  std::uint32_t last = 0; // 1: the file is complete with this piece
  std::uint64_t offset = 0;
  std::string_view path; // absolute, in the guest
  std::string_view data;
};

struct PayloadSpawnRequest {
  std::uint32_t request = 0;
  std::string_view path; // of the program, in the guest
  std::string_view library_path;
  std::vector<std::string_view> argv;
};

struct PayloadSpawnReply {
  std::uint32_t request = 0;
  Outcome outcome;
  std::uint32_t payload = 0;
  std::int32_t pid = 0;
};

struct PayloadRequest { // start, collect, kill, terminate
  std::uint32_t request = 0;
  std::uint32_t payload = 0;
};

enum class PayloadStream : std::uint32_t { kStdout = 0, kStderr = 1 };

struct PayloadOutputPiece {
  std::uint32_t request = 0;
  PayloadStream stream = PayloadStream::kStdout;
  std::string_view text;
};

struct PayloadTail {
  std::uint32_t payload = 0;
  PayloadStream stream = PayloadStream::kStdout;
  std::string_view text;
};

struct PayloadEndReply {
  std::uint32_t request = 0;
  Outcome outcome;
  PayloadReport report; // its texts are empty: they came before
};

[[nodiscard]] Bytes encode_stage_piece(const StagePiece& piece);
[[nodiscard]] Result<StagePiece> decode_stage_piece(ByteView payload);

[[nodiscard]] Bytes encode_payload_spawn(const PayloadSpawnRequest& request);
[[nodiscard]] Result<PayloadSpawnRequest> decode_payload_spawn(ByteView payload);
[[nodiscard]] Bytes encode_payload_spawn_reply(const PayloadSpawnReply& reply);
[[nodiscard]] Result<PayloadSpawnReply> decode_payload_spawn_reply(ByteView payload);

// type is kPayloadStart, kPayloadCollect, kPayloadKill or kPayloadTerminate.
[[nodiscard]] Bytes encode_payload_request(MessageType type, const PayloadRequest& request);
[[nodiscard]] Result<PayloadRequest> decode_payload_request(ByteView payload);

// Requires: the text is within kMaxOutputPieceBytes.
[[nodiscard]] Bytes encode_output_piece(const PayloadOutputPiece& piece);
[[nodiscard]] Result<PayloadOutputPiece> decode_output_piece(ByteView payload);
// Requires: the text is within kMaxTailBytes.
[[nodiscard]] Bytes encode_payload_tail(const PayloadTail& tail);
[[nodiscard]] Result<PayloadTail> decode_payload_tail(ByteView payload);
[[nodiscard]] Bytes encode_payload_end(const PayloadEndReply& reply);
[[nodiscard]] Result<PayloadEndReply> decode_payload_end(ByteView payload);

// kPayloadEnded, unasked: the payload has ended.
[[nodiscard]] Bytes encode_payload_ended(std::uint32_t payload);
[[nodiscard]] Result<std::uint32_t> decode_payload_ended(ByteView payload);

} // namespace schedrig::kvm

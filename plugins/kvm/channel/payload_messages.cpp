// SPDX-License-Identifier: MIT
// Encoding and decoding of staging and payloads.
#include "channel/payload_messages.hpp"

#include "channel/byte_codec.hpp"
#include "channel/frame.hpp"
#include "channel/outcome_codec.hpp"

namespace schedrig::kvm {

Bytes encode_stage_piece(const StagePiece& piece) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(piece.request);
  out.put(piece.mode);
  out.put(piece.last);
  out.put(piece.offset);
  out.text(piece.path);
  out.text(piece.data);
  return encode_frame(MessageType::kStageRequest, payload);
}

Result<StagePiece> decode_stage_piece(ByteView payload) {
  ByteReader in(payload);
  StagePiece piece;
  piece.request = in.get<std::uint32_t>();
  piece.mode = in.get<std::uint32_t>();
  piece.last = in.get<std::uint32_t>();
  piece.offset = in.get<std::uint64_t>();
  piece.path = in.text(kMaxPathBytes);
  piece.data = in.text(kMaxStagePieceBytes);
  if (!in.complete() || piece.last > 1 || (piece.mode & ~0777U) != 0 ||
      piece.offset > kMaxStagedFileBytes) {
    return malformed("stage request");
  }
  return piece;
}

Bytes encode_payload_spawn(const PayloadSpawnRequest& request) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(request.request);
  out.text(request.path);
  out.text(request.library_path);
  out.put(static_cast<std::uint32_t>(request.argv.size()));
  for (const std::string_view arg : request.argv) {
    out.text(arg);
  }
  return encode_frame(MessageType::kPayloadSpawn, payload);
}

Result<PayloadSpawnRequest> decode_payload_spawn(ByteView payload) {
  ByteReader in(payload);
  PayloadSpawnRequest request;
  request.request = in.get<std::uint32_t>();
  request.path = in.text(kMaxPathBytes);
  request.library_path = in.text(kMaxLibraryPathBytes);
  request.argv.resize(in.count(kMaxPayloadArgs + 1, sizeof(std::uint32_t)));
  for (std::string_view& arg : request.argv) {
    arg = in.text(kMaxPayloadArgBytes);
  }
  if (!in.complete() || request.argv.empty()) {
    return malformed("payload spawn request");
  }
  return request;
}

Bytes encode_payload_spawn_reply(const PayloadSpawnReply& reply) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(reply.request);
  put_outcome(out, reply.outcome);
  out.put(reply.payload);
  out.put(reply.pid);
  return encode_frame(MessageType::kPayloadSpawnReply, payload);
}

Result<PayloadSpawnReply> decode_payload_spawn_reply(ByteView payload) {
  ByteReader in(payload);
  PayloadSpawnReply reply;
  reply.request = in.get<std::uint32_t>();
  const bool outcome_ok = get_outcome(in, reply.outcome);
  reply.payload = in.get<std::uint32_t>();
  reply.pid = in.get<std::int32_t>();
  if (!outcome_ok || !in.complete()) {
    return malformed("payload spawn reply");
  }
  return reply;
}

Bytes encode_payload_request(MessageType type, const PayloadRequest& request) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(request.request);
  out.put(request.payload);
  return encode_frame(type, payload);
}

Result<PayloadRequest> decode_payload_request(ByteView payload) {
  ByteReader in(payload);
  PayloadRequest request;
  request.request = in.get<std::uint32_t>();
  request.payload = in.get<std::uint32_t>();
  if (!in.complete()) {
    return malformed("payload request");
  }
  return request;
}

Bytes encode_output_piece(const PayloadOutputPiece& piece) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(piece.request);
  out.put(static_cast<std::uint32_t>(piece.stream));
  out.text(piece.text);
  return encode_frame(MessageType::kPayloadOutput, payload);
}

Result<PayloadOutputPiece> decode_output_piece(ByteView payload) {
  ByteReader in(payload);
  PayloadOutputPiece piece;
  piece.request = in.get<std::uint32_t>();
  const auto stream = in.get<std::uint32_t>();
  piece.text = in.text(kMaxOutputPieceBytes);
  if (!in.complete() || stream > static_cast<std::uint32_t>(PayloadStream::kStderr)) {
    return malformed("payload output");
  }
  piece.stream = static_cast<PayloadStream>(stream);
  return piece;
}

Bytes encode_payload_tail(const PayloadTail& tail) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(tail.payload);
  out.put(static_cast<std::uint32_t>(tail.stream));
  out.text(tail.text);
  return encode_frame(MessageType::kPayloadTail, payload);
}

Result<PayloadTail> decode_payload_tail(ByteView payload) {
  ByteReader in(payload);
  PayloadTail tail;
  tail.payload = in.get<std::uint32_t>();
  const auto stream = in.get<std::uint32_t>();
  tail.text = in.text(kMaxTailBytes);
  if (!in.complete() || stream > static_cast<std::uint32_t>(PayloadStream::kStderr)) {
    return malformed("payload tail");
  }
  tail.stream = static_cast<PayloadStream>(stream);
  return tail;
}

Bytes encode_payload_end(const PayloadEndReply& reply) {
  const PayloadReport& report = reply.report;
  Bytes payload;
  ByteWriter out(payload);
  out.put(reply.request);
  put_outcome(out, reply.outcome);
  out.put(report.pid);
  out.put(report.wait_status);
  out.put(report.stdout_truncated);
  out.put(report.stderr_truncated);
  out.put(report.started_ns);
  out.put(report.ended_ns);
  out.put(report.cpu_ns);
  return encode_frame(MessageType::kPayloadEnd, payload);
}

Result<PayloadEndReply> decode_payload_end(ByteView payload) {
  ByteReader in(payload);
  PayloadEndReply reply;
  PayloadReport& report = reply.report;
  reply.request = in.get<std::uint32_t>();
  const bool outcome_ok = get_outcome(in, reply.outcome);
  report.pid = in.get<std::int32_t>();
  report.wait_status = in.get<std::int32_t>();
  report.stdout_truncated = in.get<std::uint32_t>();
  report.stderr_truncated = in.get<std::uint32_t>();
  report.started_ns = in.get<std::int64_t>();
  report.ended_ns = in.get<std::int64_t>();
  report.cpu_ns = in.get<std::int64_t>();
  if (!outcome_ok || !in.complete() || report.stdout_truncated > 1 || report.stderr_truncated > 1) {
    return malformed("payload end");
  }
  return reply;
}

Bytes encode_payload_ended(std::uint32_t payload) {
  return encode_bare(MessageType::kPayloadEnded, payload);
}

Result<std::uint32_t> decode_payload_ended(ByteView payload) {
  ByteReader in(payload);
  const auto number = in.get<std::uint32_t>();
  if (!in.complete()) {
    return malformed("payload ended");
  }
  return number;
}

} // namespace schedrig::kvm

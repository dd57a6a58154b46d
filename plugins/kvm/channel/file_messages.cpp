// SPDX-License-Identifier: MIT
// Encoding and decoding of file batches.
#include "channel/file_messages.hpp"

#include "channel/byte_codec.hpp"
#include "channel/frame.hpp"
#include "channel/outcome_codec.hpp"

namespace schedrig::kvm {

std::size_t encoded_size(const FileOp& op) noexcept {
  return 3 * sizeof(std::uint32_t) + op.path.size() + op.data.size();
}

Bytes encode_file_request(std::uint32_t request, FileBatchMode mode, std::span<const FileOp> ops) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(request);
  out.put(static_cast<std::uint32_t>(mode));
  out.put(static_cast<std::uint32_t>(ops.size()));
  for (const FileOp& op : ops) {
    out.put(static_cast<std::uint32_t>(op.kind));
    out.text(op.path);
    out.text(op.data);
  }
  return encode_frame(MessageType::kFileRequest, payload);
}

Result<FileRequest> decode_file_request(ByteView payload) {
  ByteReader in(payload);
  FileRequest message;
  message.request = in.get<std::uint32_t>();
  const auto mode = in.get<std::uint32_t>();
  const std::uint32_t ops = in.count(kMaxFileOps, encoded_size({}));
  bool known = mode <= static_cast<std::uint32_t>(FileBatchMode::kStopAtFirstError);
  message.ops.reserve(ops);
  for (std::uint32_t i = 0; i < ops && known; ++i) {
    const auto kind = in.get<std::uint32_t>();
    known = kind <= static_cast<std::uint32_t>(FileOpKind::kList);
    if (known) {
      FileOp& op = message.ops.emplace_back();
      op.kind = static_cast<FileOpKind>(kind);
      op.path = in.text(kMaxPathBytes);
      op.data = in.text(kMaxFileBytes);
    }
  }
  if (!known || !in.complete()) {
    return malformed("file request");
  }
  message.mode = static_cast<FileBatchMode>(mode);
  return message;
}

Bytes encode_file_reply(const FileReplyMessage& reply) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(reply.request);
  out.put(reply.index);
  out.put(reply.os_errno);
  out.put(reply.at_ns);
  out.text(reply.data);
  return encode_frame(MessageType::kFileReply, payload);
}

Result<FileReplyMessage> decode_file_reply(ByteView payload) {
  ByteReader in(payload);
  FileReplyMessage reply;
  reply.request = in.get<std::uint32_t>();
  reply.index = in.get<std::uint32_t>();
  reply.os_errno = in.get<std::int32_t>();
  reply.at_ns = in.get<std::int64_t>();
  reply.data = in.text(kMaxFileBytes);
  if (!in.complete() || reply.os_errno < 0) {
    return malformed("file reply");
  }
  return reply;
}

Bytes encode_file_done(const FileDone& done) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(done.request);
  out.put(done.executed);
  out.put(done.stamps.received_ns);
  out.put(done.stamps.sent_ns);
  return encode_frame(MessageType::kFileDone, payload);
}

Result<FileDone> decode_file_done(ByteView payload) {
  ByteReader in(payload);
  FileDone done;
  done.request = in.get<std::uint32_t>();
  done.executed = in.get<std::uint32_t>();
  done.stamps.received_ns = in.get<std::int64_t>();
  done.stamps.sent_ns = in.get<std::int64_t>();
  if (!in.complete()) {
    return malformed("file done");
  }
  return done;
}

} // namespace schedrig::kvm

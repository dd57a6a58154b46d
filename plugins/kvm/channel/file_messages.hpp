// SPDX-License-Identifier: MIT
// Messages of file batches: one request, a reply for each executed operation, one "done".
//
// The host splits a batch that does not fit kMaxFileRequestBytes into several requests; replies
// carry indices within their request. Errors: kBadData. Thread: any.
#pragma once

#include <schedrig/files.hpp>

#include "channel/messages.hpp"

namespace schedrig::kvm {

// Paths and data of a decoded request are views into the payload it was decoded from.
struct FileRequest {
  std::uint32_t request = 0;
  FileBatchMode mode = FileBatchMode::kAll;
  std::vector<FileOp> ops;
};

struct FileReplyMessage {
  std::uint32_t request = 0;
  std::uint32_t index = 0;
  std::int32_t os_errno = 0;
  std::int64_t at_ns = 0; // guest CLOCK_MONOTONIC
  std::string_view data;  // decoded: a view into the payload
};

struct FileDone {
  std::uint32_t request = 0;
  std::uint32_t executed = 0;
  ClockStamps stamps;
};

// Bytes that an operation takes in a request, and that a request takes without any.
[[nodiscard]] std::size_t encoded_size(const FileOp& op) noexcept;
inline constexpr std::size_t kFileRequestHeadBytes = 12;

// Requires: the operations fit kMaxFileRequestBytes.
[[nodiscard]] Bytes encode_file_request(std::uint32_t request, FileBatchMode mode,
                                        std::span<const FileOp> ops);
[[nodiscard]] Result<FileRequest> decode_file_request(ByteView payload);

[[nodiscard]] Bytes encode_file_reply(const FileReplyMessage& reply);
[[nodiscard]] Result<FileReplyMessage> decode_file_reply(ByteView payload);

[[nodiscard]] Bytes encode_file_done(const FileDone& done);
[[nodiscard]] Result<FileDone> decode_file_done(ByteView payload);

} // namespace schedrig::kvm

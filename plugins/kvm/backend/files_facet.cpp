// SPDX-License-Identifier: MIT
// File batches: checks, splitting, replies in order.
#include "backend/files_facet.hpp"

#include <schedrig/export.hpp>

#include "channel/file_messages.hpp"

namespace schedrig::kvm {
namespace {

Result<> check(std::span<const FileOp> ops) {
  if (ops.size() > kMaxFileOps) {
    return fail(StatusCode::kInvalidArgument, "a batch of " + std::to_string(ops.size()) +
                                                  " file operations; at most " +
                                                  std::to_string(kMaxFileOps) + " are allowed");
  }
  for (const FileOp& op : ops) {
    const std::string path(op.path.substr(0, 256));
    if (!op.path.starts_with('/') || op.path.size() > kMaxPathBytes) {
      return fail(StatusCode::kInvalidArgument, "path '" + path +
                                                    "' is not absolute or longer than " +
                                                    std::to_string(kMaxPathBytes) + " bytes");
    }
    if (op.data.size() > kMaxFileBytes) {
      return fail(StatusCode::kInvalidArgument, "write of " + std::to_string(op.data.size()) +
                                                    " bytes to '" + path + "'; at most " +
                                                    std::to_string(kMaxFileBytes) + " are allowed");
    }
  }
  return {};
}

// How many of the operations fit one request; at least one, since one of the largest size does.
std::size_t fitting(std::span<const FileOp> ops) noexcept {
  std::size_t bytes = kFileRequestHeadBytes;
  std::size_t count = 0;
  for (const FileOp& op : ops) {
    bytes += encoded_size(op);
    if (bytes > kMaxFileRequestBytes) {
      break;
    }
    ++count;
  }
  return count;
}

} // namespace

Status AgentFiles::run(std::span<const FileOp> ops, FileBatchMode mode,
                       FileReplySink& sink) noexcept {
  return guard("file batch", [&] { return run_all(ops, mode, sink); });
}

Result<> AgentFiles::run_all(std::span<const FileOp> ops, FileBatchMode mode, FileReplySink& sink) {
  TRY(check(ops));
  std::uint32_t done = 0;
  while (done < ops.size()) {
    const auto part = ops.subspan(done, fitting(ops.subspan(done)));
    const bool clean = TRY(run_part(part, done, mode, sink));
    if (!clean && mode == FileBatchMode::kStopAtFirstError) {
      break;
    }
    done += static_cast<std::uint32_t>(part.size());
  }
  return {};
}

Result<bool> AgentFiles::run_part(std::span<const FileOp> ops, std::uint32_t first_index,
                                  FileBatchMode mode, FileReplySink& sink) {
  const std::uint32_t request = link_.new_request();
  const std::int64_t asked_ns = host_now_ns();
  std::uint32_t replies = 0;
  bool clean = true;
  const auto on_answer = [&](const Parsed& frame) -> Result<bool> {
    if (frame.type == MessageType::kFileDone) {
      const FileDone done = TRY(decode_file_done(frame.payload));
      const bool may_be_short = !clean && mode == FileBatchMode::kStopAtFirstError;
      if (done.executed != replies || (replies != ops.size() && !may_be_short)) {
        return fail(StatusCode::kBadData, "the guest agent answered " + std::to_string(replies) +
                                              " of " + std::to_string(ops.size()) +
                                              " file operations");
      }
      link_.note_stamps(asked_ns, done.stamps);
      return true;
    }
    if (frame.type != MessageType::kFileReply) {
      return fail(StatusCode::kBadData, "file batch: unexpected answer of the guest agent");
    }
    const FileReplyMessage reply = TRY(decode_file_reply(frame.payload));
    if (reply.index != replies || replies == ops.size()) {
      return fail(StatusCode::kBadData, "the guest agent answered file operation " +
                                            std::to_string(reply.index) + " instead of " +
                                            std::to_string(replies));
    }
    clean = clean && reply.os_errno == 0;
    sink.on_reply(first_index + replies++, {.os_errno = reply.os_errno,
                                            .at_ns = clock_.from_guest(link_.clock(), reply.at_ns),
                                            .data = reply.data});
    return false;
  };
  TRY(link_.exchange(request, encode_file_request(request, mode, ops), "file batch",
                     std::chrono::steady_clock::now() + timeout_, on_answer));
  return clean;
}

} // namespace schedrig::kvm

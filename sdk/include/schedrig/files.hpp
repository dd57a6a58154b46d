// SPDX-License-Identifier: MIT
// The files facet: the machine's own file interfaces, in batches. cgroup v2, /proc and /sys are
// how cgroup, IRQ and scheduler-state ops work on every backend; each operation answers with the
// errno that the kernel's file gives (Documentation/admin-guide/cgroup-v2.rst).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <schedrig/status.hpp>

namespace schedrig {

// What one batch may hold and what one operation may carry; more is kInvalidArgument.
inline constexpr std::uint32_t kMaxFileOps = 1024;
inline constexpr std::uint32_t kMaxPathBytes = 4095;        // PATH_MAX without the zero
inline constexpr std::uint32_t kMaxFileBytes = 1024 * 1024; // one read or write

enum class FileOpKind : std::uint32_t {
  kRead = 0,  // the whole file from offset 0, at most kMaxFileBytes (longer: EFBIG)
  kWrite = 1, // opens without O_CREAT or O_TRUNC, one write(2) of `data`; short write: EIO
  kMkdir = 2, // mode 0755
  kRmdir = 3,
  kList = 4, // names without "." and "..", sorted bytewise, one per line; directories end in '/'
};

struct FileOp {
  FileOpKind kind = FileOpKind::kRead;
  std::uint32_t reserved = 0;
  std::string_view path; // absolute in the machine
  std::string_view data; // kWrite only
};

struct FileReply {
  std::int32_t os_errno = 0; // 0 or a positive errno of the machine's kernel
  std::uint32_t reserved = 0;
  std::int64_t at_ns = 0; // machine clock when the operation had finished
  std::string_view data;  // kRead, kList; valid during on_reply only
};

class FileReplySink {
 public:
  // Called once per executed operation, in order, from inside run().
  virtual void on_reply(std::uint32_t index, const FileReply& reply) noexcept = 0;

 protected:
  ~FileReplySink() = default;
};

enum class FileBatchMode : std::uint32_t {
  kAll = 0,              // every operation is executed, whatever those before it answered
  kStopAtFirstError = 1, // operations after a failed one are not executed and get no reply
};

class FilesFacet {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.files/1";

  // [host-thread] Executes in order. Ok means that the batch was executed, not that every
  // operation succeeded. kTimeout / kGuestFailed: the machine no longer answers.
  virtual Status run(std::span<const FileOp> ops, FileBatchMode mode,
                     FileReplySink& sink) noexcept = 0;

 protected:
  ~FilesFacet() = default;
};

} // namespace schedrig

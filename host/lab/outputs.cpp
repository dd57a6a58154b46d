// SPDX-License-Identifier: MIT
// Implementation of receiving and writing report files.
#include "host/lab/outputs.hpp"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "host/process/unique_fd.hpp"

namespace schedrig::lab {
namespace {

namespace fs = std::filesystem;

// All reports of a run together; a long run's event log has some 10 MB.
constexpr std::uint64_t kMaxOutputBytes = 512U << 20U;

Result<> write_all(int fd, std::string_view content, const fs::path& path) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno != EINTR) {
      return fail_errno(errno, "cannot write " + path.string());
    }
    content.remove_prefix(n > 0 ? static_cast<std::size_t>(n) : 0);
  }
  return {};
}

} // namespace

Result<> OutputReceiver::on_data(std::string_view payload) {
  std::uint32_t index = 0;
  if (payload.size() < sizeof index) {
    return fail(StatusCode::kBadData, "the lab sent a file piece without its index");
  }
  std::memcpy(&index, payload.data(), sizeof index);
  payload.remove_prefix(sizeof index);
  total_ += payload.size();
  if (index >= contents_.size() || total_ > kMaxOutputBytes) {
    return fail(StatusCode::kBadData,
                "the lab sent " + std::to_string(total_) + " bytes of files, now for output " +
                    std::to_string(index) + " of " + std::to_string(contents_.size()));
  }
  contents_[index] += payload;
  return {};
}

Result<> OutputReceiver::on_end(const FileEnd& end) {
  if (end.index >= contents_.size()) {
    return fail(StatusCode::kBadData, "the lab ended a file that was not asked for");
  }
  if (end.read_errno != 0) {
    missing_.push_back(wanted_[end.index].in_lab);
    return {};
  }
  return write_whole_file(wanted_[end.index].on_host, contents_[end.index], end.mode);
}

Result<> write_whole_file(const fs::path& path, std::string_view content, std::uint32_t mode) {
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const UniqueFd nameless(::open(parent.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, mode));
  if (!nameless.valid()) {
    // The directory's file system has no nameless files (or is not there: then this fails too).
    const UniqueFd plain(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (!plain.valid()) {
      return fail_errno(errno, "cannot write " + path.string());
    }
    return write_all(plain.get(), content, path);
  }
  TRY(write_all(nameless.get(), content, path));
  const std::string self = "/proc/self/fd/" + std::to_string(nameless.get());
  if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) {
    return {};
  }
  if (errno != EEXIST) {
    return fail_errno(errno, "cannot write " + path.string());
  }
  // A name cannot be replaced by linkat: take another, then rename over the old file.
  const fs::path other = parent / ("." + path.filename().string() + ".new");
  ::unlink(other.c_str());
  if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, other.c_str(), AT_SYMLINK_FOLLOW) != 0 ||
      ::rename(other.c_str(), path.c_str()) != 0) {
    return fail_errno(errno, "cannot replace " + path.string());
  }
  return {};
}

} // namespace schedrig::lab

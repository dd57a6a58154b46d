// SPDX-License-Identifier: MIT
#include "host/cli/line_file.hpp"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace schedrig::cli {

Result<LineFile> LineFile::open(const std::string& path) {
  UniqueFd fd(path == "-" ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                          : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!fd.valid()) {
    return fail_errno(errno, "open " + path, "give a file in a directory that can be written");
  }
  return LineFile(path, std::move(fd));
}

void LineFile::write(std::string_view line) {
  while (!error_ && !line.empty()) {
    const ssize_t n = ::write(fd_.get(), line.data(), line.size());
    if (n >= 0) {
      line.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno != EINTR) {
      error_ = fail_errno(errno, "write events to " + path_, "what came before is there").error();
    }
  }
}

Result<> LineFile::close() {
  fd_.reset();
  if (error_) {
    return std::unexpected(*error_);
  }
  return {};
}

} // namespace schedrig::cli

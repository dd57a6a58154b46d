// SPDX-License-Identifier: MIT
#include "host/cli/output_file.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace schedrig::cli {
namespace {

bool is_pipe(const std::string& path) {
  struct stat info{};
  return stat(path.c_str(), &info) == 0 && S_ISFIFO(info.st_mode);
}

} // namespace

Result<UniqueFd> open_output(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0666));
  if (!fd.valid()) {
    const int error = errno;
    if (error == ENXIO && is_pipe(path)) { // fifo(7)
      return fail_errno(error, "open " + path + ": nobody reads this pipe",
                        "start its reader first");
    }
    return fail_errno(error, "open " + path, "give a file in a directory that can be written");
  }
  // Only opening must not wait: a reader may take its time.
  if (fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) & ~O_NONBLOCK) != 0) {
    return fail_errno(errno, "fcntl " + path);
  }
  return fd;
}

Result<> write_output(int fd, std::string_view text, const std::string& what,
                      std::string_view help) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n >= 0) {
      text.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno != EINTR) {
      return fail_errno(errno, what, std::string(help));
    }
  }
  return {};
}

} // namespace schedrig::cli

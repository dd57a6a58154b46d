// SPDX-License-Identifier: MIT
#include "host/cli/line_file.hpp"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "host/cli/output_file.hpp"

namespace schedrig::cli {

Result<LineFile> LineFile::open(const std::string& path) {
  if (path != "-") {
    return LineFile(path, TRY(open_output(path)));
  }
  UniqueFd fd(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
  if (!fd.valid()) {
    return fail_errno(errno, "take over stdout", "give a file in a directory that can be written");
  }
  return LineFile(path, std::move(fd));
}

void LineFile::write(std::string_view line) {
  if (error_) {
    return;
  }
  if (auto written =
          write_output(fd_.get(), line, "write events to " + path_, "what came before is there");
      !written) {
    error_ = std::move(written).error();
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

// SPDX-License-Identifier: MIT
#include "host/cli/standard_output.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>

#include <unistd.h>

#include "host/cli/verb.hpp"

namespace schedrig::cli {

void buffer_stdout() {
  // The longest results, but for reports, are the schema's 75 KB.
  static std::array<char, 256U << 10U> buffer;
  if (isatty(STDOUT_FILENO) == 0) {
    (void)std::setvbuf(stdout, buffer.data(), _IOFBF, buffer.size());
  }
}

int flush_stdout() {
  const bool flushed = std::fflush(stdout) == 0;
  const int error = errno;
  if (flushed && std::ferror(stdout) == 0) {
    return kExitPass;
  }
  std::clearerr(stdout);
  constexpr char kWhat[] = "write the results to stdout";
  constexpr char kHelp[] = "give them a place with room";
  return report_error(
      flushed
          ? fail(StatusCode::kOs, kWhat + std::string(": an earlier part failed"), kHelp).error()
          : fail_errno(error, kWhat, kHelp).error(),
      kExitInfrastructure);
}

} // namespace schedrig::cli

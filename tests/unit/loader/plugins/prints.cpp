// SPDX-License-Identifier: MIT
// Prints without end of sense: 1 MiB on each output stream, then goes on.
#include <string>

#include <unistd.h>

#include "root.hpp"

namespace {
struct Printer final : schedrig::Plugin {
  explicit Printer(schedrig::HostServices&) {
    const std::string text(std::size_t{1} << 20U, 'x');
    for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
      written += ::write(fd, text.data(), text.size());
    }
  }
  void* query(std::string_view) noexcept override { return nullptr; }
  ssize_t written = 0;
};
} // namespace

SCHEDRIG_PLUGIN(schedrig::PluginKind::kScheduler,
                schedrig::test::make_descriptor<Printer>("prints"));

// SPDX-License-Identifier: MIT
// Leaves a child of its own behind, which holds the FIFO that SCHEDRIG_TEST_FIFO names open.
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

#include "root.hpp"

namespace {
struct Leaver final : schedrig::Plugin {
  explicit Leaver(schedrig::HostServices&) {
    const char* fifo = std::getenv("SCHEDRIG_TEST_FIFO");
    const int fd = fifo != nullptr ? ::open(fifo, O_WRONLY) : -1;
    if (fd >= 0 && ::fork() == 0) {
      while (true) {
        ::pause();
      }
    }
  }
  void* query(std::string_view) noexcept override { return nullptr; }
};
} // namespace

SCHEDRIG_PLUGIN(schedrig::PluginKind::kScheduler,
                schedrig::test::make_descriptor<Leaver>("leaves_child"));

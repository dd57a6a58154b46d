// SPDX-License-Identifier: MIT
// Never returns from a static constructor. It holds the FIFO that SCHEDRIG_TEST_FIFO names open
// for writing, so that a test sees when it is there and when it is gone.
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

#include "root.hpp"

namespace {
struct Hang {
  Hang() {
    if (const char* fifo = std::getenv("SCHEDRIG_TEST_FIFO"); fifo != nullptr) {
      ::open(fifo, O_WRONLY);
    }
    while (true) {
      ::pause();
    }
  }
};
const Hang kHang;
} // namespace

SCHEDRIG_PLUGIN(schedrig::PluginKind::kScheduler, schedrig::test::make_descriptor("hang_static"));

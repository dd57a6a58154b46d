// SPDX-License-Identifier: MIT
// Ends the process in a static constructor.
#include <unistd.h>

#include "root.hpp"

namespace {
struct Leave {
  Leave() { ::_exit(7); }
};
const Leave kLeave;
} // namespace

SCHEDRIG_PLUGIN(schedrig::PluginKind::kScheduler, schedrig::test::make_descriptor("exit_static"));

// SPDX-License-Identifier: MIT
// Dies in a static constructor, after saying something.
#include <cstdio>
#include <cstdlib>

#include "root.hpp"

namespace {
struct Crash {
  Crash() {
    std::fputs("my last words\n", stderr);
    std::abort();
  }
};
const Crash kCrash;
} // namespace

SCHEDRIG_PLUGIN(schedrig::PluginKind::kScheduler, schedrig::test::make_descriptor("crash_static"));

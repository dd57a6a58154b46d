// SPDX-License-Identifier: MIT
// Calls a function that nobody defines.
#include "root.hpp"

int schedrig_test_nobody_defines_this();

namespace {
struct NeedsMore final : schedrig::Plugin {
  explicit NeedsMore(schedrig::HostServices&) {}
  void* query(std::string_view) noexcept override {
    return schedrig_test_nobody_defines_this() != 0 ? this : nullptr;
  }
};
} // namespace

SCHEDRIG_PLUGIN(schedrig::PluginKind::kScheduler,
                schedrig::test::make_descriptor<NeedsMore>("unresolved"));

// SPDX-License-Identifier: MIT
// create says ok and makes nothing.
#include "root.hpp"

namespace {
schedrig::PluginDescriptor descriptor() {
  auto result = schedrig::test::make_descriptor("create_nothing");
  result.create = [](schedrig::HostServices&, schedrig::Plugin**) noexcept {
    return schedrig::Status();
  };
  return result;
}
} // namespace

SCHEDRIG_PLUGIN(schedrig::PluginKind::kScheduler, descriptor());

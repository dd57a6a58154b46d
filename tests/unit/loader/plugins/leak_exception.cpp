// SPDX-License-Identifier: MIT
// A hand-written create that lets an exception run into its noexcept: std::terminate.
#include <stdexcept>

#include "root.hpp"

namespace {

[[noreturn]] void throw_it() {
  throw std::runtime_error("not caught by anybody");
}

// NOLINTNEXTLINE(bugprone-exception-escape): that is what it is for
schedrig::Status create(schedrig::HostServices&, schedrig::Plugin**) noexcept {
  throw_it();
}

schedrig::PluginDescriptor descriptor() {
  auto result = schedrig::test::make_descriptor("leak_exception");
  result.create = &create;
  return result;
}

} // namespace

SCHEDRIG_PLUGIN(schedrig::PluginKind::kScheduler, descriptor());

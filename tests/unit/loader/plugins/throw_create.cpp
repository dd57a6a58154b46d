// SPDX-License-Identifier: MIT
// Its constructor throws; the SDK's guard makes a Status of it.
#include <stdexcept>

#include "root.hpp"

namespace {
struct Thrower final : schedrig::Plugin {
  explicit Thrower(schedrig::HostServices&) { throw std::runtime_error("no luck today"); }
  void* query(std::string_view) noexcept override { return nullptr; }
};
} // namespace

SCHEDRIG_PLUGIN(schedrig::PluginKind::kScheduler,
                schedrig::test::make_descriptor<Thrower>("throw_create"));

// SPDX-License-Identifier: MIT
// Every field of the descriptor is wrong.
#include "root.hpp"

namespace {

constexpr schedrig::ParamSpec kSlice = {.key = "slice", .default_value = "1", .doc = "twice"};
constexpr schedrig::ParamSpec kParams[] = {kSlice, kSlice};

schedrig::PluginDescriptor descriptor() {
  schedrig::PluginDescriptor result;
  result.kind = schedrig::PluginKind::kBackend;
  result.id = "Bad Id";
  result.name = "two\nlines";
  result.params = kParams;
  return result;
}

} // namespace

SCHEDRIG_PLUGIN(schedrig::PluginKind::kScheduler, descriptor());

// SPDX-License-Identifier: MIT
// A shared object with an entry function and without a note; its constructor must never run.
#include <cstdlib>

#include <schedrig/plugin.hpp>

namespace {
struct Trap {
  Trap() { std::abort(); }
};
const Trap kTrap;
} // namespace

extern "C" __attribute__((visibility("default"))) const schedrig::PluginDescriptor*
schedrig_plugin_entry_v1() noexcept {
  return nullptr;
}

// SPDX-License-Identifier: MIT
// Plugins that are linked into the executable: one program, so that sanitizers and fuzzers see all
// of it. Compiled with SCHEDRIG_LINKED_PLUGIN, SCHEDRIG_PLUGIN registers here instead of exporting
// an entry function and a note; link the archive whole. Thread: registered before main, read after.
#pragma once

#include <schedrig/plugin.hpp>

namespace schedrig {

class LinkedPlugin {
 public:
  explicit LinkedPlugin(PluginEntry entry) noexcept : entry_(entry), next_(newest) {
    newest = this;
  }
  LinkedPlugin(const LinkedPlugin&) = delete;
  LinkedPlugin& operator=(const LinkedPlugin&) = delete;

  // In no order that means anything; null at the end.
  [[nodiscard]] static const LinkedPlugin* first() noexcept { return newest; }
  [[nodiscard]] const LinkedPlugin* next() const noexcept { return next_; }
  [[nodiscard]] const PluginDescriptor& descriptor() const noexcept { return *entry_(); }

 private:
  static inline const LinkedPlugin* newest = nullptr;

  PluginEntry entry_;
  const LinkedPlugin* next_;
};

} // namespace schedrig

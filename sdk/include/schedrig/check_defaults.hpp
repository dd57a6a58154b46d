// SPDX-License-Identifier: MIT
// Check defaults: what the author of a scheduler wants each run of it to be held to. An optional
// interface of a scheduler plugin's root object. They lie above schedrig's own defaults and below
// what a scenario says.
#pragma once

#include <string_view>

namespace schedrig {

class CheckDefaults {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.check_defaults/1";

  // [host-thread] Lines of a scenario's [checks] table, as spelled there: "max_gap = \"200ms\"".
  // Valid as long as the plugin.
  [[nodiscard]] virtual std::string_view checks() const noexcept = 0;

 protected:
  ~CheckDefaults() = default;
};

} // namespace schedrig

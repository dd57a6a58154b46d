// SPDX-License-Identifier: MIT
// The activity facet: what of a plugin's code a machine is in, so that the message about a call
// that never returns can name it.
#pragma once

#include <cstdint>
#include <string_view>

namespace schedrig {

struct Activity {
  std::uint32_t size = sizeof(Activity);
  std::uint32_t reserved = 0;
  std::uint64_t call = 0; // counts calls: two looks at one call have the same number
  std::string_view
      callback; // such as "enqueue", text that lives as long as the plugin; empty: none
};

class ActivityFacet {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.activity/1";

  // [any-thread] The callback that the machine is in now.
  virtual void activity(Activity* out) noexcept = 0;

 protected:
  ~ActivityFacet() = default;
};

} // namespace schedrig

// SPDX-License-Identifier: MIT
// A plugin's parameters: what a config gave, checked against what the plugin declares. Runs after
// plugins are loaded; knows no plugin and nothing of TOML. Thread: any.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <schedrig/params.hpp>
#include <schedrig/scenario.hpp>

#include "host/config/diagnostic.hpp"

namespace schedrig::config {

// The table that parameters stand in.
struct ParamsTable {
  std::string_view name; // in messages: "[backend.mock]"
  SourcePos pos = {};    // what is missing in it is an error there
  // False: some of its values are lost to errors, nothing is said to be missing.
  bool complete = true;
};

// Values fit for the plugin boundary, with the strings that they point to. Movable, not copyable:
// a copy's views would point into the original.
class BoundParams {
 public:
  BoundParams() = default;
  BoundParams(BoundParams&&) noexcept = default;
  BoundParams& operator=(BoundParams&&) noexcept = default;
  BoundParams(const BoundParams&) = delete;
  BoundParams& operator=(const BoundParams&) = delete;
  ~BoundParams() = default;

  // Valid as long as this object.
  [[nodiscard]] ParamsView view() const noexcept { return values_; }
  [[nodiscard]] bool ok() const noexcept { return diagnostics_.empty(); }
  // In file order. Positions refer to the sources of the config that the parameters came from.
  [[nodiscard]] const std::vector<Diagnostic>& diagnostics() const noexcept { return diagnostics_; }

 private:
  friend BoundParams bind_params(const ConfigParams&, std::span<const ParamSpec>,
                                 const ParamsTable&);
  ConfigParams owned_;
  std::vector<ParamValue> values_;
  std::vector<Diagnostic> diagnostics_;
};

// Checks each parameter against its spec (key, type, range), turns durations and sizes into
// integers, and adds the defaults that the config does not give; members of an array of tables
// ("faults[].at") get theirs in each element that exists. What is required and not given is an
// error at the element's first value. An integer is accepted for a float; everything else must be
// exact. A default that does not fit its own spec is an error without a position: a mistake of the
// plugin.
[[nodiscard]] BoundParams bind_params(const ConfigParams& params, std::span<const ParamSpec> specs,
                                      const ParamsTable& table);

} // namespace schedrig::config

// SPDX-License-Identifier: MIT
// ParamCheck: what a plugin has to say of its parameters beyond ParamSpec, such as words that it
// knows and values that do not go together. Optional; found by Plugin::query.
#pragma once

#include <string_view>

#include <schedrig/params.hpp>
#include <schedrig/status.hpp>

namespace schedrig {

class ParamProblemSink {
 public:
  // `key` is a parameter's, "faults[0].errno", or the beginning of several, "faults[0]"; `status`
  // says what is wrong with it.
  virtual void on_problem(std::string_view key, const Status& status) noexcept = 0;

 protected:
  ~ParamProblemSink() = default;
};

class ParamCheck {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.paramcheck/1";

  // [host-thread] `params` fit their specs. Tells everything that the plugin would refuse later;
  // nothing of it may depend on the machine.
  virtual void check(ParamsView params, ParamProblemSink& sink) noexcept = 0;

 protected:
  ~ParamCheck() = default;
};

} // namespace schedrig

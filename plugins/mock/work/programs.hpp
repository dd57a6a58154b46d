// SPDX-License-Identifier: MIT
// Programs: what payloads can run on the simulated machine. A few are built in, spelled as in
// coreutils; others are declared in [backend.mock] with the CPU time and sleep they take and what
// they print. Knows no tasks. Thread: any, after declare().
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include <schedrig/param_check.hpp>
#include <schedrig/params.hpp>
#include <schedrig/status.hpp>

#include "plugins/mock/sim/costs.hpp"

namespace schedrig::mock {

// One execution of a program from exec to exit: `cycles` times CPU time and then sleep. Output is
// written at the end: one that is killed has said nothing.
struct Execution {
  Nanos runs_ns = 0;
  Nanos sleeps_ns = 0;
  std::uint32_t cycles = 1;
  std::uint8_t exit_code = 0;
  std::string stdout_text;
  std::string stderr_text;
};

// What [backend.mock] may hold of programs.
[[nodiscard]] std::span<const ParamSpec> program_params() noexcept;

class Programs {
 public:
  // From bound parameters. Told to `problems`: one name twice, of which the first counts. A
  // declared program takes the place of a built-in one.
  void declare(ParamsView params, ParamProblemSink& problems);

  // What running `binary` (its last path component is the name) with `args` will do. kNotFound
  // says what to declare. Arguments of declared programs have no effect.
  Status execute(std::string_view binary, std::span<const std::string_view> args,
                 Execution* out) const;

 private:
  std::map<std::string, Execution, std::less<>> declared_;
};

} // namespace schedrig::mock

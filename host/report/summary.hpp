// SPDX-License-Identifier: MIT
// What a person reads when a run is over: verdict, the cause first, then its evidence, then how to
// reproduce it. Plain text with optional colour. Pure; thread: any.
#pragma once

#include <string>
#include <string_view>

#include "host/engine/run_report.hpp"

namespace schedrig::report {

// `reproduce` is the command that repeats the run. Ends with a newline.
[[nodiscard]] std::string summary(const engine::RunReport& report, std::string_view reproduce,
                                  bool colour);

} // namespace schedrig::report

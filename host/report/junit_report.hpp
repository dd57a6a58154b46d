// SPDX-License-Identifier: MIT
// The run as JUnit XML, the form of it that CI servers agree on: a test suite for the run, a test
// case for the backdrop, each step and each check. Pure; thread: any.
#pragma once

#include <string>
#include <string_view>

#include "host/engine/run_report.hpp"

namespace schedrig::report {

// `reproduce` is the command that repeats the run. Ends with a newline.
[[nodiscard]] std::string junit_report(const engine::RunReport& report, std::string_view reproduce);

} // namespace schedrig::report

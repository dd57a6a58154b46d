// SPDX-License-Identifier: MIT
// The run as KTAP version 1, the kernel's Test Anything Protocol (Linux 6.12,
// Documentation/dev-tools/ktap.rst): one result for the run, a subtest for the backdrop, each step
// and each check below it. Pure; thread: any.
#pragma once

#include <string>
#include <string_view>

#include "host/engine/run_report.hpp"

namespace schedrig::report {

// `reproduce` is the command that repeats the run. Ends with a newline.
[[nodiscard]] std::string ktap_report(const engine::RunReport& report, std::string_view reproduce);

} // namespace schedrig::report

// SPDX-License-Identifier: MIT
// The file that a report goes to: checked before a run, written whole after it. Thread: host.
#pragma once

#include <string>
#include <string_view>

#include <schedrig/result.hpp>

namespace schedrig::cli {

// Whether a report could be written to `path`, which `option` named; creates nothing.
[[nodiscard]] Result<> check_report_file(std::string_view option, const std::string& path);

// A regular file is replaced in one step, so that an interrupted write leaves the old one whole;
// symbolic links are followed; anything else (a device, a pipe) is written to as it is.
[[nodiscard]] Result<> write_report_file(const std::string& path, const std::string& text);

} // namespace schedrig::cli

// SPDX-License-Identifier: MIT
// Files that are written to: opened without waiting, written whole or up to the first error.
// Thread: any.
#pragma once

#include <string>
#include <string_view>

#include <schedrig/result.hpp>

#include "host/process/unique_fd.hpp"

namespace schedrig::cli {

// Made where it is missing, emptied where it is there. A pipe that nobody reads is an error instead
// of a wait. Errors: kOs.
[[nodiscard]] Result<UniqueFd> open_output(const std::string& path);

// `what` names the text in the error: "write the report to x.json". Errors: kOs.
[[nodiscard]] Result<> write_output(int fd, std::string_view text, const std::string& what,
                                    std::string_view help);

} // namespace schedrig::cli

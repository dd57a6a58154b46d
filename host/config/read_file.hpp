// SPDX-License-Identifier: MIT
// Reads a config file whole, within a bound. Thread: any.
#pragma once

#include <cstddef>
#include <string>

#include <schedrig/result.hpp>

namespace schedrig::config {

// kOs: open, fstat or read failed (os_errno is set). kInvalidArgument: no regular file (a FIFO or a
// device could block or never end), or more than `limit` bytes.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t limit);

} // namespace schedrig::config

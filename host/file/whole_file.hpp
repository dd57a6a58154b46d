// SPDX-License-Identifier: MIT
// Files that appear whole or not at all. Thread: any.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include <schedrig/result.hpp>

namespace schedrig {

// Writes a file that appears under its name complete or not at all, and is gone with this process
// if that is killed before (but for an instant, where an older file is replaced). `mode`: less what
// the umask takes. Errors: kOs.
Result<> write_whole_file(const std::filesystem::path& path, std::string_view content,
                          std::uint32_t mode);

} // namespace schedrig

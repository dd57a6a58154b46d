// SPDX-License-Identifier: MIT
// Seeds of the fuzz targets: the files of a folder, in the order of their names. NAME.hex holds
// bytes as text: two hexadecimal digits each, "00*512" for a run, # up to the end of a line is a
// comment. Every other file is taken as it is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/result.hpp>

namespace schedrig::fuzz {

using Input = std::vector<std::uint8_t>;

struct Seed {
  std::string name;
  Input bytes;
};

// kBadData names file and line.
[[nodiscard]] Result<Input> parse_hex_file(std::string_view text, std::string_view name);

// kNotFound: no such folder, or nothing in it.
[[nodiscard]] Result<std::vector<Seed>> load_seeds(const std::filesystem::path& folder);

} // namespace schedrig::fuzz

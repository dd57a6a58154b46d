// SPDX-License-Identifier: MIT
// RamFile: an image of guest memory as a file with a checksum for each mebibyte, and its way back.
//
// Zeros stay holes. Thread: any. Errors: kOs; kBadData names the mebibyte that is damaged.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <schedrig/result.hpp>

#include "channel/messages.hpp"
#include "vmm/ram_image.hpp"

namespace schedrig::kvm {

struct RamSums {
  std::uint64_t bytes = 0;           // of RAM
  std::vector<std::uint64_t> chunks; // checksum() of each mebibyte; the last may be shorter
};

// Writes a new file.
[[nodiscard]] Result<RamSums> write_ram(const RamImage& image, const std::string& path);
// Opens it when every byte is what it was. Nobody may write to it as long as the image is used.
[[nodiscard]] Result<RamImage> read_ram(const std::string& path, const RamSums& sums);

[[nodiscard]] Bytes encode_ram_sums(const RamSums& sums);
[[nodiscard]] Result<RamSums> decode_ram_sums(ByteView bytes);

} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// CRC-32 as of IEEE 802.3: reflected polynomial 0xEDB88320, start and final xor 0xFFFFFFFF, the one
// that zlib computes. Ours because the agent is a static binary: one table serves both ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace schedrig::kvm {

[[nodiscard]] std::uint32_t crc32(std::span<const std::byte> data) noexcept;

} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// Frame encoding and the resynchronising parser (rules: frame.hpp).
#include "channel/frame.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "channel/crc32.hpp"

namespace schedrig::kvm {
namespace {

struct Header {
  std::uint32_t type = 0;
  std::uint32_t length = 0;
  std::uint32_t crc = 0;
  std::uint32_t flags = 0;
};
static_assert(sizeof(Header) == kFrameHeaderBytes);

std::uint32_t flags_for(const Header& header) noexcept {
  const auto bytes = std::as_bytes(std::span(&header, 1)).first(offsetof(Header, flags));
  const std::uint32_t check = crc32(bytes);
  return ((check ^ (check << 16U)) & 0xFFFF0000U);
}

bool intact(const Header& header) noexcept {
  const auto limit = max_payload(header.type);
  return limit && header.length <= *limit && header.flags == flags_for(header);
}

} // namespace

std::vector<std::byte> encode_frame(MessageType type, std::span<const std::byte> payload) {
  Header header{.type = static_cast<std::uint32_t>(type),
                .length = static_cast<std::uint32_t>(payload.size()),
                .crc = crc32(payload)};
  header.flags = flags_for(header);
  std::vector<std::byte> frame(sizeof header + payload.size());
  std::memcpy(frame.data(), &header, sizeof header);
  std::ranges::copy(payload, frame.begin() + sizeof header);
  return frame;
}

void FrameParser::push(std::span<const std::byte> data) {
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(start_));
  start_ = 0;
  buffer_.insert(buffer_.end(), data.begin(), data.end());
}

std::optional<Parsed> FrameParser::next() {
  std::size_t skipped = 0;
  while (buffer_.size() - start_ >= kFrameHeaderBytes) {
    Header header;
    std::memcpy(&header, buffer_.data() + start_, sizeof header);
    if (!intact(header)) {
      ++start_;
      ++skipped;
      continue;
    }
    if (skipped > 0) {
      break; // report the garbage first; the header is found again
    }
    const std::size_t whole = kFrameHeaderBytes + header.length;
    if (buffer_.size() - start_ < whole) {
      return std::nullopt;
    }
    const auto payload =
        std::span<const std::byte>(buffer_).subspan(start_ + kFrameHeaderBytes, header.length);
    start_ += whole;
    const auto type = static_cast<MessageType>(header.type);
    if (crc32(payload) != header.crc) {
      return Parsed{.kind = ParsedKind::kBadCrc, .type = type, .payload = {}, .skipped = whole};
    }
    return Parsed{.kind = ParsedKind::kFrame, .type = type, .payload = payload, .skipped = 0};
  }
  if (skipped > 0) {
    return Parsed{.kind = ParsedKind::kGarbage, .type = {}, .payload = {}, .skipped = skipped};
  }
  return std::nullopt;
}

} // namespace schedrig::kvm

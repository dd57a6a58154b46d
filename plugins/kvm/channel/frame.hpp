// SPDX-License-Identifier: MIT
// Frames of the control channel: framing, checksums, resynchronisation. Knows no message.
//
// Header, 16 bytes, little-endian: type u32, length u32 (of the payload), CRC-32 of the payload,
// flags u32. Flags: bits 0-15 are reserved and zero; bits 16-31 are a check over the first twelve
// bytes (their CRC-32, halves xor-ed), so that a length is believed only from an intact header.
//
// How a stream resynchronises. A header counts when its type is known, its length within the
// limit of that type, its reserved flags zero and its check right. Where no such header stands,
// one byte is skipped and the next position tried. A frame whose header is intact but whose
// payload has another CRC is skipped as a whole: nothing in it is acted on, so that the contents
// of a damaged frame are never taken for frames. A frame that was cut short therefore costs at
// most its own announced length of what follows. Every byte is looked at a bounded number of
// times, whatever the other end sends.
//
// Thread: one at a time. Ownership: the parser owns its buffer; payloads are views into it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "channel/message_type.hpp"

namespace schedrig::kvm {

inline constexpr std::size_t kFrameHeaderBytes = 16;

// A whole frame. Requires: the payload is within max_payload(type).
[[nodiscard]] std::vector<std::byte> encode_frame(MessageType type,
                                                  std::span<const std::byte> payload);

enum class ParsedKind : std::uint8_t {
  kFrame,   // type, payload
  kBadCrc,  // type, skipped: a frame that was dropped
  kGarbage, // skipped: bytes in front of the next header
};

struct Parsed {
  ParsedKind kind = ParsedKind::kGarbage;
  MessageType type{};
  std::span<const std::byte> payload; // valid until the next push
  std::size_t skipped = 0;            // bytes
};

class FrameParser {
 public:
  // Takes bytes as they come, in any pieces. Memory is bounded by what was pushed since next()
  // last answered nullopt, plus one frame of the longest type: never by what a header claims.
  void push(std::span<const std::byte> data);

  // The next thing in the stream, or nullopt when more bytes are needed. Garbage is reported once
  // for each stretch, when its end is known or the buffer is used up.
  [[nodiscard]] std::optional<Parsed> next();

  // The beginning of a frame that has not all come.
  [[nodiscard]] std::span<const std::byte> unread() const noexcept {
    return std::span(buffer_).subspan(start_);
  }

 private:
  std::vector<std::byte> buffer_;
  std::size_t start_ = 0; // consumed bytes at the front
};

} // namespace schedrig::kvm

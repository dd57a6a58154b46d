// SPDX-License-Identifier: MIT
// What the tests of the frame parser share: frames as text, and everything a parser says.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "channel/frame.hpp"
#include "channel/messages.hpp"

namespace schedrig::kvm {

inline Bytes frame_of(std::string_view text, MessageType type = MessageType::kNotice) {
  return encode_frame(type, std::as_bytes(std::span(text)));
}

inline void append(Bytes& to, const Bytes& more) {
  to.insert(to.end(), more.begin(), more.end());
}

inline Bytes operator+(Bytes left, const Bytes& right) {
  append(left, right);
  return left;
}

// "frame:TEXT", "bad crc:BYTES" or "garbage:BYTES", in order.
inline std::vector<std::string> read_all(FrameParser& parser) {
  std::vector<std::string> seen;
  while (const auto item = parser.next()) {
    switch (item->kind) {
    case ParsedKind::kFrame:
      seen.push_back("frame:" + std::string(reinterpret_cast<const char*>(item->payload.data()),
                                            item->payload.size()));
      break;
    case ParsedKind::kBadCrc:
      seen.push_back("bad crc:" + std::to_string(item->skipped));
      break;
    case ParsedKind::kGarbage:
      seen.push_back("garbage:" + std::to_string(item->skipped));
      break;
    }
  }
  return seen;
}

inline std::vector<std::string> parse(const Bytes& stream) {
  FrameParser parser;
  parser.push(stream);
  return read_all(parser);
}

} // namespace schedrig::kvm

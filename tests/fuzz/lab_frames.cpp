// SPDX-License-Identifier: MIT
// The lab's channel: a stream in pieces of any size. The first byte says how it is cut.
#include <algorithm>

#include "host/lab/frame.hpp"
#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace schedrig;
  using lab::FrameParser;
  if (size == 0) {
    return 0;
  }
  std::string_view stream = fuzz::as_text(data + 1, size - 1);
  const std::size_t piece = std::size_t{data[0]} + 1;
  FrameParser parser;
  lab::Frame frame;
  auto outcome = FrameParser::Outcome::kNeedMore;
  while (!stream.empty() && outcome != FrameParser::Outcome::kBad) {
    parser.feed(stream.substr(0, piece));
    stream.remove_prefix(std::min(piece, stream.size()));
    while ((outcome = parser.next(frame)) == FrameParser::Outcome::kFrame) {
      fuzz::require(frame.payload.size() <= lab::kMaxPayload, "payloads are bounded");
      lab::Exit exit;
      fuzz::require(frame.get(exit) == (frame.payload.size() == sizeof exit), "by their size");
    }
  }
  return 0;
}

// SPDX-License-Identifier: MIT
// The lab's frames and its request file.
#include <string>

#include <gtest/gtest.h>

#include "host/lab/frame.hpp"
#include "host/lab/request.hpp"

namespace schedrig::lab {
namespace {

std::string frame_bytes(FrameType type, const std::string& payload) {
  const FrameHeader header{type, static_cast<std::uint32_t>(payload.size())};
  return std::string(reinterpret_cast<const char*>(&header), sizeof header) + payload;
}

TEST(LabFrame, frames_are_cut_wherever_the_stream_is) {
  const std::string stream = frame_bytes(FrameType::kStdout, "hello") +
                             frame_bytes(FrameType::kCancel, "") +
                             frame_bytes(FrameType::kStderr, std::string(kMaxPayload, 'x'));
  for (const std::size_t step : {1U, 3U, 8U, 1000U, 100000U}) {
    FrameParser parser;
    std::vector<std::pair<FrameType, std::size_t>> seen;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      parser.feed(std::string_view(stream).substr(at, step));
      Frame frame;
      while (parser.next(frame) == FrameParser::Outcome::kFrame) {
        seen.emplace_back(frame.type, frame.payload.size());
      }
    }
    ASSERT_EQ(seen.size(), 3U) << step;
    EXPECT_EQ(seen[0], std::pair(FrameType::kStdout, std::size_t{5}));
    EXPECT_EQ(seen[2], std::pair(FrameType::kStderr, std::size_t{kMaxPayload}));
  }
}

TEST(LabFrame, a_length_above_the_bound_is_refused_before_it_is_kept) {
  FrameParser parser;
  const FrameHeader header{FrameType::kStdout, kMaxPayload + 1};
  parser.feed({reinterpret_cast<const char*>(&header), sizeof header});
  Frame frame;
  EXPECT_EQ(parser.next(frame), FrameParser::Outcome::kBad);
}

TEST(LabFrame, a_payload_of_another_size_is_not_taken) {
  Exit exit;
  EXPECT_TRUE((Frame{FrameType::kExit, std::string_view("\1\0\0\0\0\0\0\0", 8)}.get(exit)));
  EXPECT_EQ(exit.code, 1U);
  EXPECT_FALSE((Frame{FrameType::kExit, "short"}.get(exit)));
}

TEST(LabRequestFile, what_is_encoded_is_decoded) {
  const InitRequest request{
      "/work", {"/bin/x", "", "a b"}, {"A=1", "B=2=3"}, {{"/o"}, {"/s-", true}}};
  InitRequest read;
  ASSERT_TRUE(decode(encode(request), read));
  EXPECT_EQ(read.working_dir, request.working_dir);
  EXPECT_EQ(read.arguments, request.arguments);
  EXPECT_EQ(read.environment, request.environment);
  ASSERT_EQ(read.outputs.size(), 2U);
  EXPECT_EQ(read.outputs[0].path, "/o");
  EXPECT_FALSE(read.outputs[0].family);
  EXPECT_EQ(read.outputs[1].path, "/s-");
  EXPECT_TRUE(read.outputs[1].family);
}

TEST(LabRequestFile, damage_is_refused) {
  InitRequest read;
  EXPECT_FALSE(decode("", read));
  EXPECT_FALSE(decode("C/work", read)) << "unfinished";
  EXPECT_FALSE(decode(std::string_view("Zx\0", 3), read)) << "unknown";
  EXPECT_FALSE(decode(std::string_view("C/\0", 3), read)) << "no command";
  EXPECT_FALSE(decode(std::string_view("\0", 1), read));
}

} // namespace
} // namespace schedrig::lab

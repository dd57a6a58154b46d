// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "channel/frame.hpp"
#include "stream.hpp"

namespace schedrig::kvm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Frame, header_is_little_endian_type_length_crc_flags) {
  const Bytes frame = frame_of("123456789", MessageType::kLog);
  ASSERT_EQ(frame.size(), 25U);
  const Bytes head(frame.begin(), frame.begin() + 12);
  const Bytes expected = {std::byte{0x02}, std::byte{0x48}, std::byte{0x43}, std::byte{0x53},
                          std::byte{9},    std::byte{0},    std::byte{0},    std::byte{0},
                          std::byte{0x26}, std::byte{0x39}, std::byte{0xF4}, std::byte{0xCB}};
  EXPECT_EQ(head, expected);
  EXPECT_EQ(frame[12], std::byte{0});
  EXPECT_EQ(frame[13], std::byte{0});
}

TEST(Frame, two_frames_in_one_piece_come_out_in_order) {
  EXPECT_THAT(parse(frame_of("one") + frame_of("two")), ElementsAre("frame:one", "frame:two"));
}

TEST(Frame, an_empty_payload_is_a_frame) {
  EXPECT_THAT(parse(frame_of("")), ElementsAre("frame:"));
}

TEST(Frame, a_stream_split_at_every_byte_gives_the_same_frames) {
  const Bytes stream = frame_of("one") + frame_of("") + frame_of("three");
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    FrameParser parser;
    parser.push(ByteView(stream).first(cut));
    std::vector<std::string> seen = read_all(parser);
    parser.push(ByteView(stream).subspan(cut));
    const auto rest = read_all(parser);
    seen.insert(seen.end(), rest.begin(), rest.end());
    EXPECT_THAT(seen, ElementsAre("frame:one", "frame:", "frame:three")) << cut;
  }
}

TEST(Frame, a_stream_that_comes_byte_by_byte_gives_the_same_frames) {
  FrameParser parser;
  std::vector<std::string> seen;
  for (const std::byte byte : frame_of("one") + frame_of("two")) {
    parser.push(ByteView(&byte, 1));
    const auto more = read_all(parser);
    seen.insert(seen.end(), more.begin(), more.end());
  }
  EXPECT_THAT(seen, ElementsAre("frame:one", "frame:two"));
}

TEST(Frame, a_bad_crc_is_reported_and_the_stream_resynchronises) {
  Bytes damaged = frame_of("one");
  damaged.back() ^= std::byte{1};
  EXPECT_THAT(parse(damaged + frame_of("two")), ElementsAre("bad crc:19", "frame:two"));
}

TEST(Frame, frames_inside_a_damaged_payload_are_not_acted_on) {
  const Bytes inner = frame_of("inner");
  const Bytes outer = encode_frame(MessageType::kNotice, inner + inner);
  Bytes damaged = outer;
  damaged.back() ^= std::byte{0x80};
  EXPECT_THAT(parse(damaged + frame_of("after")),
              ElementsAre("bad crc:" + std::to_string(outer.size()), "frame:after"));
}

TEST(Frame, garbage_in_front_is_counted_and_skipped) {
  const Bytes garbage(100, std::byte{0x53});
  EXPECT_THAT(parse(garbage + frame_of("one")), ElementsAre("garbage:100", "frame:one"));
}

TEST(Frame, a_damaged_header_costs_its_own_frame_only) {
  for (std::size_t bit = 0; bit < kFrameHeaderBytes * 8; ++bit) {
    Bytes damaged = frame_of("one");
    damaged[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_THAT(parse(damaged + frame_of("two")), ElementsAre("garbage:19", "frame:two")) << bit;
  }
}

TEST(Frame, a_frame_that_was_cut_short_costs_at_most_its_announced_length) {
  const Bytes whole = frame_of(std::string(100, 'a'));
  const Bytes cut(whole.begin(), whole.begin() + 50);
  // 66 bytes are missing: two frames of 20 bytes and part of the third are taken for payload.
  const auto seen = parse(cut + frame_of("1111") + frame_of("2222") + frame_of("3333") +
                          frame_of("4444") + frame_of("5555"));
  EXPECT_THAT(seen, ElementsAre("bad crc:116", "garbage:14", "frame:5555"));
}

TEST(Frame, a_length_above_the_limit_of_the_type_is_no_header) {
  const Bytes oversized = encode_frame(MessageType::kClockRequest, Bytes(65));
  EXPECT_THAT(parse(oversized + frame_of("one")), ElementsAre("garbage:81", "frame:one"));
}

TEST(Frame, an_unknown_type_is_no_header) {
  const Bytes unknown = encode_frame(static_cast<MessageType>(kTypeBase + 99), Bytes(4));
  EXPECT_THAT(parse(unknown + frame_of("one")), ElementsAre("garbage:20", "frame:one"));
}

TEST(Frame, the_longest_payload_of_every_type_passes) {
  for (std::uint32_t number = 1; number <= 18; ++number) {
    const auto limit = max_payload(kTypeBase + number);
    ASSERT_TRUE(limit) << number;
    FrameParser parser;
    parser.push(encode_frame(static_cast<MessageType>(kTypeBase + number), Bytes(*limit)));
    const auto item = parser.next();
    ASSERT_TRUE(item) << number;
    EXPECT_EQ(item->kind, ParsedKind::kFrame);
    EXPECT_EQ(item->payload.size(), *limit);
  }
}

TEST(Frame, nothing_is_said_before_a_frame_is_complete) {
  Bytes frame = frame_of("one");
  frame.pop_back();
  EXPECT_THAT(parse(frame), IsEmpty());
}

} // namespace
} // namespace schedrig::kvm

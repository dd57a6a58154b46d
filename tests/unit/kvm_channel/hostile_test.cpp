// SPDX-License-Identifier: MIT
// What a hostile or broken other end can send: the parser and every decoder must stay in bounds
// (the sanitizer build proves it) and refuse what is not exactly well-formed.
#include <functional>
#include <random>

#include <gtest/gtest.h>

#include "channel/file_messages.hpp"
#include "channel/mem_policy_messages.hpp"
#include "channel/payload_messages.hpp"
#include "channel/task_messages.hpp"
#include "stream.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::uint32_t kSeed = 20251121;

struct Sample {
  const char* name;
  Bytes payload;
  std::function<bool(ByteView)> decodes;
};

template <class Decode> std::function<bool(ByteView)> accepts(Decode decode) {
  return [decode](ByteView payload) { return decode(payload).has_value(); };
}

Bytes payload_of(const Bytes& frame) {
  return {frame.begin() + static_cast<std::ptrdiff_t>(kFrameHeaderBytes), frame.end()};
}

std::vector<Sample> samples() {
  const FileOp ops[] = {{.kind = FileOpKind::kWrite, .path = "/a", .data = "x"},
                        {.kind = FileOpKind::kRead, .path = "/b", .data = {}}};
  const std::uint32_t cpus[] = {0, 1};
  WorkSpec spec;
  spec.cpus = cpus;
  SpawnReply reply;
  reply.outcome.message = "no";
  reply.pids = {2, 3};
  WorkerReportMessage report;
  report.cpus_used = {0, 3};
  report.gaps = {Gap{.start_ns = 1, .length_ns = 2, .cpu = 3}};
  return {
      {"hello", payload_of(encode_hello({})), accepts(decode_hello)},
      {"text", payload_of(encode_notice("text")), accepts(decode_text_line)},
      {"answer", payload_of(encode_answer(MessageType::kStopReply, 1, {.message = "m"})),
       accepts(decode_answer)},
      {"bare", payload_of(encode_bare(MessageType::kShutdownRequest, 1)), accepts(decode_bare)},
      {"clock", payload_of(encode_clock_reply({})), accepts(decode_clock_reply)},
      {"file request", payload_of(encode_file_request(1, FileBatchMode::kAll, ops)),
       accepts(decode_file_request)},
      {"file reply", payload_of(encode_file_reply({.request = 1, .data = "d"})),
       accepts(decode_file_reply)},
      {"file done", payload_of(encode_file_done({})), accepts(decode_file_done)},
      {"spawn request", payload_of(encode_spawn_request(1, spec)), accepts(decode_spawn_request)},
      {"spawn reply", payload_of(encode_spawn_reply(reply)), accepts(decode_spawn_reply)},
      {"group", payload_of(encode_group_request(MessageType::kStopRequest, {.group = 1})),
       accepts(decode_group_request)},
      {"pin request", payload_of(encode_pin_request(1, reply.pids, cpus)),
       accepts(decode_pin_request)},
      {"memory policy", payload_of(encode_mem_policy_request(1, MemPolicyMode::kBind, cpus)),
       accepts(decode_mem_policy_request)},
      {"stage piece", payload_of(encode_stage_piece({.request = 1, .path = "/p", .data = "d"})),
       accepts(decode_stage_piece)},
      {"payload spawn",
       payload_of(
           encode_payload_spawn({.request = 1, .path = "/p", .library_path = "/l", .argv = {"p"}})),
       accepts(decode_payload_spawn)},
      {"payload spawn reply", payload_of(encode_payload_spawn_reply({})),
       accepts(decode_payload_spawn_reply)},
      {"payload request",
       payload_of(encode_payload_request(MessageType::kPayloadKill, {.request = 1, .payload = 2})),
       accepts(decode_payload_request)},
      {"payload output", payload_of(encode_output_piece({.request = 1, .text = "t"})),
       accepts(decode_output_piece)},
      {"payload tail", payload_of(encode_payload_tail({.payload = 1, .text = "t"})),
       accepts(decode_payload_tail)},
      {"payload end", payload_of(encode_payload_end({})), accepts(decode_payload_end)},
      {"payload ended", payload_of(encode_payload_ended(1)), accepts(decode_payload_ended)},
      {"report", payload_of(encode_worker_report(report)), accepts(decode_worker_report)},
  };
}

TEST(Hostile, every_sample_decodes_whole_and_none_shortened_or_lengthened) {
  for (const Sample& sample : samples()) {
    EXPECT_TRUE(sample.decodes(sample.payload)) << sample.name;
    for (std::size_t bytes = 0; bytes < sample.payload.size(); ++bytes) {
      EXPECT_FALSE(sample.decodes(ByteView(sample.payload).first(bytes)))
          << sample.name << " cut to " << bytes;
    }
    Bytes longer = sample.payload;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(sample.decodes(longer)) << sample.name;
  }
}

TEST(Hostile, flipped_bits_are_decoded_or_refused_within_bounds) {
  for (const Sample& sample : samples()) {
    std::size_t refused = 0;
    for (std::size_t bit = 0; bit < sample.payload.size() * 8; ++bit) {
      Bytes flipped = sample.payload;
      flipped[bit / 8] ^= std::byte{1} << (bit % 8);
      refused += sample.decodes(flipped) ? 0U : 1U;
    }
    const bool has_lengths_or_enums =
        std::string_view(sample.name) != "bare" && std::string_view(sample.name) != "clock" &&
        std::string_view(sample.name) != "file done" && std::string_view(sample.name) != "group" &&
        std::string_view(sample.name) != "payload request" &&
        std::string_view(sample.name) != "payload ended";
    EXPECT_EQ(refused > 0, has_lengths_or_enums) << sample.name;
  }
}

TEST(Hostile, a_count_that_the_payload_cannot_hold_is_refused) {
  Bytes payload = payload_of(encode_file_request(1, FileBatchMode::kAll, {}));
  payload[8] = std::byte{0xFF}; // operations: 255 follow, none does
  EXPECT_FALSE(decode_file_request(payload));
  payload.assign(payload.size(), std::byte{0xFF});
  EXPECT_FALSE(decode_file_request(payload));
}

// Longer than the messages of fixed size, of which any bytes of the right number are one.
TEST(Hostile, random_bytes_are_refused_by_every_decoder) {
  std::mt19937 random(kSeed);
  const std::vector<Sample> all = samples();
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes(25 + random() % 200);
    for (std::byte& byte : bytes) {
      byte = static_cast<std::byte>(random());
    }
    for (const Sample& sample : all) {
      EXPECT_FALSE(sample.decodes(bytes)) << sample.name << " in round " << round;
    }
  }
}

TEST(Hostile, after_any_random_bytes_the_parser_finds_the_frames_that_follow) {
  std::mt19937 random(kSeed);
  for (int round = 0; round < 2'000; ++round) {
    Bytes stream(random() % 300);
    for (std::byte& byte : stream) {
      byte = static_cast<std::byte>(random());
    }
    append(stream, frame_of("one"));
    append(stream, frame_of("two"));
    FrameParser parser;
    std::vector<std::string> seen;
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t piece = std::min<std::size_t>(1 + random() % 64, stream.size() - at);
      parser.push(ByteView(stream).subspan(at, piece));
      const auto more = read_all(parser);
      seen.insert(seen.end(), more.begin(), more.end());
      at += piece;
    }
    std::erase_if(seen, [](const std::string& item) { return item.starts_with("garbage:"); });
    EXPECT_EQ(seen, (std::vector<std::string>{"frame:one", "frame:two"})) << "round " << round;
  }
}

TEST(Hostile, flipped_bits_never_yield_a_frame_that_was_not_sent) {
  std::mt19937 random(kSeed);
  for (int round = 0; round < 5'000; ++round) {
    Bytes stream = frame_of("one") + frame_of("two") + frame_of("three");
    for (std::uint32_t flips = 1 + random() % 8; flips > 0; --flips) {
      stream[random() % stream.size()] ^= std::byte{1} << (random() % 8);
    }
    append(stream, Bytes(kMaxTextBytes + 64)); // enough for any length that a header may claim
    append(stream, frame_of("last"));
    for (const std::string& item : parse(stream)) {
      EXPECT_TRUE(!item.starts_with("frame:") || item == "frame:one" || item == "frame:two" ||
                  item == "frame:three" || item == "frame:last")
          << item << " in round " << round;
    }
  }
}

// A stream of intact headers with wrong checksums must not be summed again and again.
TEST(Hostile, four_megabytes_of_damaged_frames_take_linear_work) {
  Bytes damaged = encode_frame(MessageType::kFileReply, Bytes(kMaxFileBytes));
  damaged.back() = std::byte{1};
  FrameParser parser;
  for (int i = 0; i < 4; ++i) {
    parser.push(damaged);
    EXPECT_EQ(read_all(parser),
              std::vector<std::string>{"bad crc:" + std::to_string(damaged.size())});
  }
}

} // namespace
} // namespace schedrig::kvm

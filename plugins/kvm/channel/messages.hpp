// SPDX-License-Identifier: MIT
// Messages that are not about files or tasks: hello, lines of text, clock, shutdown.
//
// encode_* make a whole frame; decode_* take a frame's payload and own what they return. Both ends
// are compiled from this file. Errors: kBadData naming the message. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/plugin.hpp>
#include <schedrig/result.hpp>

#include "channel/message_type.hpp"

namespace schedrig::kvm {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

struct Hello {
  std::uint32_t protocol = 0;
  std::string agent_version;
  std::string kernel_release; // uname -r
  std::string kernel_version; // uname -v
  std::uint32_t online_cpus = 0;
  std::int64_t monotonic_ns = 0; // guest CLOCK_MONOTONIC when hello was written
  std::int64_t boottime_ns = 0;  // guest CLOCK_BOOTTIME at the same moment
};

// A line of the agent. level means something for kLog only.
struct TextLine {
  LogLevel level = LogLevel::kInfo;
  std::string text;
};

// How a request went. What the agent could not do is an Outcome, never a lost answer.
struct Outcome {
  StatusCode code = StatusCode::kOk;
  std::int32_t os_errno = 0;
  std::string message;
};

[[nodiscard]] Outcome to_outcome(const Result<>& result);
[[nodiscard]] Result<> from_outcome(const Outcome& outcome);

// When a request had arrived and when its answer left, both guest CLOCK_MONOTONIC: what the host
// needs to bound the difference of the two clocks.
struct ClockStamps {
  std::int64_t received_ns = 0;
  std::int64_t sent_ns = 0;
};

// kRefused, kStartReply, kStopReply: an answer that is just an outcome.
struct Answer {
  std::uint32_t request = 0;
  Outcome outcome;
};

struct ClockReply {
  std::uint32_t request = 0;
  ClockStamps stamps;
};

[[nodiscard]] Bytes encode_hello(const Hello& hello);
[[nodiscard]] Result<Hello> decode_hello(ByteView payload);

// Cuts the text to kMaxTextBytes.
[[nodiscard]] Bytes encode_log(LogLevel level, std::string_view text);
[[nodiscard]] Bytes encode_notice(std::string_view text);
[[nodiscard]] Result<TextLine> decode_text_line(ByteView payload);

[[nodiscard]] Bytes encode_answer(MessageType type, std::uint32_t request, const Outcome& outcome);
[[nodiscard]] Result<Answer> decode_answer(ByteView payload);

// kClockRequest, kShutdownRequest, kShutdownReply: a request id alone.
[[nodiscard]] Bytes encode_bare(MessageType type, std::uint32_t request);
[[nodiscard]] Result<std::uint32_t> decode_bare(ByteView payload);

[[nodiscard]] Bytes encode_clock_reply(const ClockReply& reply);
[[nodiscard]] Result<ClockReply> decode_clock_reply(ByteView payload);

// The id that an answer or request starts with, or 0 when the payload is too short for one.
[[nodiscard]] std::uint32_t peek_request(ByteView payload) noexcept;

} // namespace schedrig::kvm

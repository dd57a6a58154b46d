// SPDX-License-Identifier: MIT
// Encoding and decoding of hello, text, answers, clock and shutdown.
#include "channel/messages.hpp"

#include "channel/byte_codec.hpp"
#include "channel/frame.hpp"
#include "channel/outcome_codec.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::size_t kMaxNameBytes = 256; // uname(2) fields are 65 bytes

Bytes encode_text_line(MessageType type, LogLevel level, std::string_view text) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(static_cast<std::uint32_t>(level));
  out.text(text.substr(0, kMaxTextBytes));
  return encode_frame(type, payload);
}

} // namespace

Outcome to_outcome(const Result<>& result) {
  if (result) {
    return {};
  }
  const Error& error = result.error();
  return {.code = error.code, .os_errno = error.os_errno, .message = error.message};
}

Result<> from_outcome(const Outcome& outcome) {
  if (outcome.code == StatusCode::kOk) {
    return {};
  }
  return std::unexpected(Error{outcome.code, outcome.message, {}, outcome.os_errno});
}

void put_outcome(ByteWriter& out, const Outcome& outcome) {
  out.put(static_cast<std::uint32_t>(outcome.code));
  out.put(outcome.os_errno);
  out.text(std::string_view(outcome.message).substr(0, kMaxTextBytes));
}

bool get_outcome(ByteReader& in, Outcome& outcome) {
  const auto code = in.get<std::uint32_t>();
  outcome.os_errno = in.get<std::int32_t>();
  outcome.message = in.text(kMaxTextBytes);
  if (in.failed() || code > static_cast<std::uint32_t>(StatusCode::kInternal)) {
    return false;
  }
  outcome.code = static_cast<StatusCode>(code);
  return true;
}

Bytes encode_hello(const Hello& hello) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(hello.protocol);
  out.put(hello.online_cpus);
  out.put(hello.monotonic_ns);
  out.put(hello.boottime_ns);
  out.text(hello.agent_version);
  out.text(hello.kernel_release);
  out.text(hello.kernel_version);
  return encode_frame(MessageType::kHello, payload);
}

Result<Hello> decode_hello(ByteView payload) {
  ByteReader in(payload);
  Hello hello;
  hello.protocol = in.get<std::uint32_t>();
  hello.online_cpus = in.get<std::uint32_t>();
  hello.monotonic_ns = in.get<std::int64_t>();
  hello.boottime_ns = in.get<std::int64_t>();
  hello.agent_version = in.text(kMaxNameBytes);
  hello.kernel_release = in.text(kMaxNameBytes);
  hello.kernel_version = in.text(kMaxNameBytes);
  if (!in.complete()) {
    return malformed("hello");
  }
  return hello;
}

Bytes encode_log(LogLevel level, std::string_view text) {
  return encode_text_line(MessageType::kLog, level, text);
}

Bytes encode_notice(std::string_view text) {
  return encode_text_line(MessageType::kNotice, LogLevel::kWarn, text);
}

Result<TextLine> decode_text_line(ByteView payload) {
  ByteReader in(payload);
  TextLine line;
  const auto level = in.get<std::uint32_t>();
  line.text = in.text(kMaxTextBytes);
  if (!in.complete() || level > static_cast<std::uint32_t>(LogLevel::kError)) {
    return malformed("text");
  }
  line.level = static_cast<LogLevel>(level);
  return line;
}

Bytes encode_answer(MessageType type, std::uint32_t request, const Outcome& outcome) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(request);
  put_outcome(out, outcome);
  return encode_frame(type, payload);
}

Result<Answer> decode_answer(ByteView payload) {
  ByteReader in(payload);
  Answer answer;
  answer.request = in.get<std::uint32_t>();
  if (!get_outcome(in, answer.outcome) || !in.complete()) {
    return malformed("answer");
  }
  return answer;
}

Bytes encode_bare(MessageType type, std::uint32_t request) {
  Bytes payload;
  ByteWriter(payload).put(request);
  return encode_frame(type, payload);
}

Result<std::uint32_t> decode_bare(ByteView payload) {
  ByteReader in(payload);
  const auto request = in.get<std::uint32_t>();
  if (!in.complete()) {
    return malformed("bare request");
  }
  return request;
}

Bytes encode_clock_reply(const ClockReply& reply) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(reply.request);
  out.put(reply.stamps.received_ns);
  out.put(reply.stamps.sent_ns);
  return encode_frame(MessageType::kClockReply, payload);
}

Result<ClockReply> decode_clock_reply(ByteView payload) {
  ByteReader in(payload);
  ClockReply reply;
  reply.request = in.get<std::uint32_t>();
  reply.stamps.received_ns = in.get<std::int64_t>();
  reply.stamps.sent_ns = in.get<std::int64_t>();
  if (!in.complete()) {
    return malformed("clock reply");
  }
  return reply;
}

std::uint32_t peek_request(ByteView payload) noexcept {
  return ByteReader(payload).get<std::uint32_t>();
}

} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// AgentLink: the host's conversation with the guest agent: requests, answers, deadlines, clock.
// Knows no facet: who asks encodes the request and decodes its answers.
//
// Everything that arrives is hostile input: it is decoded with bounds checks, answers to other
// requests are ignored, and what makes no sense is reported as a notice. Thread: host thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <schedrig/result.hpp>

#include "backend/clock_offset.hpp"
#include "channel/byte_channel.hpp"
#include "channel/frame.hpp"
#include "channel/guest_request_messages.hpp"
#include "channel/messages.hpp"
#include "channel/payload_messages.hpp"

namespace schedrig::kvm {

// Lines that the agent sends unasked, and what the link itself noticed. Called from inside calls
// to the link.
class AgentLines {
 public:
  virtual void on_agent_log(const TextLine& line) = 0;
  virtual void on_agent_notice(std::string_view text) = 0;

 protected:
  ~AgentLines() = default;
};

// Told of what the agent reports of payloads unasked. Called from inside calls to the link.
class PayloadNewsSink {
 public:
  virtual void on_payload_ended(std::uint32_t payload) = 0;
  virtual void on_payload_tail(const PayloadTail& tail) = 0;

 protected:
  ~PayloadNewsSink() = default;
};

// Told of requests that programs in the guest make. Called from inside calls to the link.
class GuestRequestSink {
 public:
  virtual void on_guest_request(const GuestRequestMessage& request) = 0;

 protected:
  ~GuestRequestSink() = default;
};

struct LinkSession {
  std::uint32_t last_request = 0;
  Bytes unread; // the beginning of a frame, whose rest the guest has still to send
};

class AgentLink {
 public:
  // Both must outlive the link.
  AgentLink(ByteChannel& channel, AgentLines& lines) noexcept : channel_(channel), lines_(lines) {}

  // The agent's first message. Errors: kTimeout, kBadData (another protocol), those of the channel.
  [[nodiscard]] Result<Hello> wait_hello(Deadline deadline);

  [[nodiscard]] std::uint32_t new_request() noexcept;

  // Looks at one frame that carries the request's id; true when it was the last of them.
  using AnswerHandler = std::function<Result<bool>(const Parsed& frame)>;

  // Sends a request and hands its answers to the handler until that has enough. `what` names the
  // request in errors: "file batch". After a request without an answer the next ones are given two
  // seconds, until one is answered. Errors: kTimeout, what the handler or a kRefused said, those
  // of the channel.
  [[nodiscard]] Result<> exchange(std::uint32_t request, ByteView frame, std::string_view what,
                                  Deadline deadline, const AnswerHandler& on_answer);

  // Tells a machine that was saved and started again who it is. Errors: as exchange(), and what the
  // agent could not do.
  [[nodiscard]] Result<> introduce(std::uint64_t seed, Deadline deadline);

  // What belongs to the guest's side of the conversation, and so to a saved guest.
  [[nodiscard]] LinkSession session() const;
  // The conversation goes on from there, with another guest; nothing is known of its clock.
  void resume(const LinkSession& session);

  // One clock round trip.
  [[nodiscard]] Result<> sync_clock(Deadline deadline);
  // Stamps that came with another answer, for a request that was sent at asked_ns.
  void note_stamps(std::int64_t asked_ns, const ClockStamps& stamps) noexcept;
  // Its clock stood still for so long.
  void guest_stood(std::int64_t ns) noexcept { clock_.guest_stood(ns); }
  [[nodiscard]] const ClockOffset& clock() const noexcept { return clock_; }

  // One that outlives the link's calls; none until then.
  void tell_of_payloads(PayloadNewsSink& sink) noexcept { payload_news_ = &sink; }
  void tell_of_requests(GuestRequestSink& sink) noexcept { guest_requests_ = &sink; }
  // A line for people, as if the agent had said it.
  void notice(std::string_view text) { lines_.on_agent_notice(text); }

  // Bytes that arrived while nothing was asked.
  void on_unasked(ByteView bytes);

 private:
  [[nodiscard]] std::unexpected<Error> no_answer(std::string_view what, Error error);
  // Takes what is a line, damage or unasked; hands back what is anything else.
  [[nodiscard]] std::optional<Parsed> next_message();
  void take_payload_ended(ByteView payload);
  void take_payload_tail(ByteView payload);
  void take_guest_request(ByteView payload);

  ByteChannel& channel_;
  AgentLines& lines_;
  FrameParser parser_;
  ClockOffset clock_;
  std::uint32_t last_request_ = 0;
  bool silent_ = false; // a request had no answer in time, and none has come since
  PayloadNewsSink* payload_news_ = nullptr;
  GuestRequestSink* guest_requests_ = nullptr;
};

[[nodiscard]] std::int64_t host_now_ns() noexcept;

} // namespace schedrig::kvm

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
#include "channel/messages.hpp"

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
  // request in errors: "file batch". Errors: kTimeout, what the handler or a kRefused said, those
  // of the channel.
  [[nodiscard]] Result<> exchange(std::uint32_t request, ByteView frame, std::string_view what,
                                  Deadline deadline, const AnswerHandler& on_answer);

  // One clock round trip.
  [[nodiscard]] Result<> sync_clock(Deadline deadline);
  // Stamps that came with another answer, for a request that was sent at asked_ns.
  void note_stamps(std::int64_t asked_ns, const ClockStamps& stamps) noexcept;
  [[nodiscard]] const ClockOffset& clock() const noexcept { return clock_; }

  // Bytes that arrived while nothing was asked.
  void on_unasked(ByteView bytes);

 private:
  // Takes what is a line or damage; hands back what is anything else.
  [[nodiscard]] std::optional<Parsed> next_message();

  ByteChannel& channel_;
  AgentLines& lines_;
  FrameParser parser_;
  ClockOffset clock_;
  std::uint32_t last_request_ = 0;
};

[[nodiscard]] std::int64_t host_now_ns() noexcept;

} // namespace schedrig::kvm

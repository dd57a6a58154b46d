// SPDX-License-Identifier: MIT
// Requests and answers over the control channel.
#include "backend/agent_link.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/random.h>

#include "channel/identity_messages.hpp"

namespace schedrig::kvm {
namespace {

// Of an agent that let a request pass: a run that is to end must not wait in full for each.
constexpr std::chrono::seconds kPatience{2};

} // namespace

std::int64_t host_now_ns() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::uint32_t AgentLink::new_request() noexcept {
  if (++last_request_ == 0) { // zero is what too short a payload reads as
    ++last_request_;
  }
  return last_request_;
}

std::optional<Parsed> AgentLink::next_message() {
  while (const auto parsed = parser_.next()) {
    if (parsed->kind != ParsedKind::kFrame) {
      lines_.on_agent_notice(std::string("control channel from the guest: ") +
                             (parsed->kind == ParsedKind::kBadCrc
                                  ? "dropped a frame with a bad CRC, "
                                  : "skipped garbage, ") +
                             std::to_string(parsed->skipped) + " bytes");
      continue;
    }
    if (parsed->type == MessageType::kPayloadEnded) {
      take_payload_ended(parsed->payload);
      continue;
    }
    if (parsed->type == MessageType::kPayloadTail) {
      take_payload_tail(parsed->payload);
      continue;
    }
    if (parsed->type == MessageType::kGuestRequest) {
      take_guest_request(parsed->payload);
      continue;
    }
    if (parsed->type != MessageType::kLog && parsed->type != MessageType::kNotice) {
      return parsed;
    }
    const auto line = decode_text_line(parsed->payload);
    if (!line) {
      lines_.on_agent_notice(line.error().message);
    } else if (parsed->type == MessageType::kLog) {
      lines_.on_agent_log(*line);
    } else {
      lines_.on_agent_notice(line->text);
    }
  }
  return std::nullopt;
}

void AgentLink::take_payload_ended(ByteView payload) {
  const auto number = decode_payload_ended(payload);
  if (!number) {
    lines_.on_agent_notice(number.error().message);
  } else if (payload_news_ != nullptr) {
    payload_news_->on_payload_ended(*number);
  }
}

void AgentLink::take_payload_tail(ByteView payload) {
  const auto tail = decode_payload_tail(payload);
  if (!tail) {
    lines_.on_agent_notice(tail.error().message);
  } else if (payload_news_ != nullptr) {
    payload_news_->on_payload_tail(*tail);
  }
}

void AgentLink::take_guest_request(ByteView payload) {
  const auto request = decode_guest_request(payload);
  if (!request) {
    lines_.on_agent_notice(request.error().message);
  } else if (guest_requests_ != nullptr) {
    guest_requests_->on_guest_request(*request);
  }
}

Result<Hello> AgentLink::wait_hello(Deadline deadline) {
  Bytes bytes;
  while (true) {
    if (const auto message = next_message()) {
      if (message->type != MessageType::kHello) {
        return fail(StatusCode::kBadData, "the guest agent's first message is no hello");
      }
      Hello hello = TRY(decode_hello(message->payload));
      if (hello.protocol != kProtocolVersion) {
        return fail(StatusCode::kBadData,
                    "the guest agent speaks protocol " + std::to_string(hello.protocol) +
                        ", this plugin " + std::to_string(kProtocolVersion),
                    "rebuild or reinstall: plugin and agent belong together");
      }
      return hello;
    }
    bytes.clear();
    TRY(channel_.receive(bytes, deadline));
    parser_.push(bytes);
  }
}

std::unexpected<Error> AgentLink::no_answer(std::string_view what, Error error) {
  if (error.code == StatusCode::kTimeout) {
    silent_ = true;
    error.message = "the guest agent did not answer in time";
    error.help = "the guest may be overloaded or stuck: look at its console; [backend.kvm] "
                 "agent_timeout sets the limit";
  }
  return std::unexpected(std::move(error).context(what));
}

Result<> AgentLink::exchange(std::uint32_t request, ByteView frame, std::string_view what,
                             Deadline deadline, const AnswerHandler& on_answer) {
  if (silent_) {
    deadline = std::min(deadline, std::chrono::steady_clock::now() + kPatience);
  }
  if (auto sent = channel_.send(frame, deadline); !sent) {
    return no_answer(what, std::move(sent).error());
  }
  Bytes bytes;
  while (true) {
    while (const auto message = next_message()) {
      silent_ = false; // also a late answer is one
      if (peek_request(message->payload) != request) {
        continue; // an answer that came after its request had been given up
      }
      if (message->type == MessageType::kRefused) {
        const Answer answer = TRY(decode_answer(message->payload));
        if (auto outcome = from_outcome(answer.outcome); !outcome) {
          return std::unexpected(std::move(outcome).error().context(
              std::string(what) + ": refused by the guest agent"));
        }
        return fail(StatusCode::kBadData, std::string(what) + ": refused without a reason");
      }
      if (TRY(on_answer(*message))) {
        return {};
      }
    }
    bytes.clear();
    if (auto received = channel_.receive(bytes, deadline); !received) {
      return no_answer(what, std::move(received).error());
    }
    parser_.push(bytes);
  }
}

Result<> AgentLink::introduce(std::uint64_t seed, Deadline deadline) {
  Identity identity;
  identity.request = new_request();
  identity.seed = seed;
  identity.entropy.resize(kMaxEntropyBytes);
  // Up to 256 bytes come whole, without a signal in between (getrandom(2)).
  if (::getrandom(identity.entropy.data(), identity.entropy.size(), 0) < 0) {
    return fail_errno(errno, "getrandom");
  }
  identity.wall_clock_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                               std::chrono::system_clock::now().time_since_epoch())
                               .count();
  return exchange(identity.request, encode_identity(identity), "identity", deadline,
                  [](const Parsed& frame) -> Result<bool> {
                    if (frame.type != MessageType::kIdentityReply) {
                      return fail(StatusCode::kBadData, "identity: unexpected answer");
                    }
                    const Answer answer = TRY(decode_answer(frame.payload));
                    TRY(from_outcome(answer.outcome));
                    return true;
                  });
}

LinkSession AgentLink::session() const {
  const auto unread = parser_.unread();
  return {.last_request = last_request_, .unread = {unread.begin(), unread.end()}};
}

void AgentLink::resume(const LinkSession& session) {
  parser_ = {};
  parser_.push(session.unread);
  clock_ = {};
  silent_ = false;
  last_request_ = session.last_request;
}

Result<> AgentLink::sync_clock(Deadline deadline) {
  const std::uint32_t request = new_request();
  const std::int64_t asked_ns = host_now_ns();
  return exchange(request, encode_bare(MessageType::kClockRequest, request), "clock request",
                  deadline, [&](const Parsed& frame) -> Result<bool> {
                    if (frame.type != MessageType::kClockReply) {
                      return fail(StatusCode::kBadData, "clock request: unexpected answer");
                    }
                    note_stamps(asked_ns, TRY(decode_clock_reply(frame.payload)).stamps);
                    return true;
                  });
}

void AgentLink::note_stamps(std::int64_t asked_ns, const ClockStamps& stamps) noexcept {
  clock_.update(asked_ns, stamps, host_now_ns());
}

void AgentLink::on_unasked(ByteView bytes) {
  parser_.push(bytes);
  while (next_message()) {
    // A late answer: nobody waits for it any more.
  }
}

} // namespace schedrig::kvm

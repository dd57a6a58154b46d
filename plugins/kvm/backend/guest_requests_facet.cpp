// SPDX-License-Identifier: MIT
#include "backend/guest_requests_facet.hpp"

#include <utility>

#include <schedrig/export.hpp>

namespace schedrig::kvm {
namespace {

// Our agent has no more requesters than this; another may claim what it likes.
constexpr std::size_t kMaxWaiting = 64;

} // namespace

AgentGuestRequests::AgentGuestRequests(AgentLink& link, std::chrono::nanoseconds timeout) noexcept
    : link_(link), timeout_(timeout) {
  link.tell_of_requests(*this);
}

void AgentGuestRequests::on_guest_request(const GuestRequestMessage& request) {
  if (waiting_.size() == kMaxWaiting) {
    link_.notice("dropped request " + std::to_string(request.number) +
                 " of a program: " + std::to_string(kMaxWaiting) + " wait already");
    return;
  }
  waiting_.push_back(
      {.number = request.number, .kind = request.kind, .body = std::string(request.body)});
  news_ = true;
}

void AgentGuestRequests::forget() {
  waiting_.clear();
  taken_ = {};
  news_ = false;
}

bool AgentGuestRequests::take_news() noexcept {
  return std::exchange(news_, false);
}

Status AgentGuestRequests::next(GuestRequest* out) noexcept {
  return guard("next guest request", [&]() -> Result<> {
    if (waiting_.empty()) {
      return fail(StatusCode::kNotFound, "no program waits for a reply");
    }
    taken_ = std::move(waiting_.front());
    waiting_.pop_front();
    out->number = taken_.number;
    out->kind = taken_.kind;
    out->body = taken_.body;
    return {};
  });
}

Status AgentGuestRequests::reply(std::uint32_t number, const GuestReply& reply) noexcept {
  return guard("reply to a guest request", [&] { return send_reply(number, reply); });
}

Result<> AgentGuestRequests::send_reply(std::uint32_t number, const GuestReply& reply) {
  if (reply.body.size() > kMaxGuestRequestBytes) {
    return fail(StatusCode::kInvalidArgument, "a reply of " + std::to_string(reply.body.size()) +
                                                  " bytes: at most 64 KiB are possible");
  }
  const std::uint32_t request = link_.new_request();
  Answer answer;
  const auto on_answer = [&](const Parsed& frame) -> Result<bool> {
    if (frame.type != MessageType::kGuestReplyDone) {
      return fail(StatusCode::kBadData, "guest reply: unexpected answer of the guest agent");
    }
    answer = TRY(decode_answer(frame.payload));
    return true;
  };
  TRY(link_.exchange(request,
                     encode_guest_reply({.request = request,
                                         .number = number,
                                         .code = reply.code,
                                         .os_errno = reply.os_errno,
                                         .body = reply.body}),
                     "guest reply", std::chrono::steady_clock::now() + timeout_, on_answer));
  return from_outcome(answer.outcome);
}

} // namespace schedrig::kvm

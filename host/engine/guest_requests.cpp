// SPDX-License-Identifier: MIT
#include "host/engine/guest_requests.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <schedrig/guest_requests.hpp>

#include "host/engine/program_requests.hpp"

namespace schedrig::engine {
namespace {

// Programs that always ask for more do not hold the run up: the next wait goes on with them.
constexpr int kMostAtATime = 64;

using Body = std::vector<std::uint8_t>;

Result<Body> answer(Session& session, const GuestRequest& request) {
  switch (static_cast<GuestRequestKind>(request.kind)) {
  case GuestRequestKind::kKernelOp:
    return carry_out_message(
        session, {reinterpret_cast<const std::uint8_t*>(request.body.data()), request.body.size()});
  case GuestRequestKind::kSnapshot:
    TRY(take_program_snapshot(session, std::string(request.body)));
    return Body();
  }
  return fail(StatusCode::kInvalidArgument,
              "there is no request of kind " + std::to_string(request.kind));
}

Status send_answer(GuestRequestsFacet& facet, std::uint32_t number, const Result<Body>& answered) {
  GuestReply reply;
  if (answered) {
    reply.body = {reinterpret_cast<const char*>(answered->data()), answered->size()};
  } else {
    reply.code = answered.error().code;
    reply.os_errno = answered.error().os_errno;
    reply.body = answered.error().message;
  }
  return facet.reply(number, reply);
}

} // namespace

Result<> answer_guest_requests(Session& session) {
  GuestRequestsFacet* facet = session.guest_requests();
  for (int done = 0; facet != nullptr && done < kMostAtATime; ++done) {
    GuestRequest request;
    const Status taken = facet->next(&request);
    if (taken.code == StatusCode::kNotFound) {
      break;
    }
    TRY(from_status(taken));
    const auto answered = answer(session, request);
    GuestRequestCounts& counts = session.guest_request_counts();
    ++(answered ? counts.answered : counts.refused);
    const Status sent = send_answer(*facet, request.number, answered);
    if (sent.code != StatusCode::kNotFound) {
      TRY(from_status(sent));
    }
  }
  return {};
}

} // namespace schedrig::engine

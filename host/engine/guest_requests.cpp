// SPDX-License-Identifier: MIT
#include "host/engine/guest_requests.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <schedrig/guest_requests.hpp>
#include <schedrig/kernel_wire.hpp>

#include "host/engine/freeze_session.hpp"
#include "host/engine/kernel_requests.hpp"

namespace schedrig::engine {
namespace {

// Programs that always ask for more do not hold the run up: the next wait goes on with them.
constexpr int kMostAtATime = 64;

using Body = std::vector<std::uint8_t>;

// The program that asks stands still with its machine, and notices nothing.
Result<std::vector<KernelValue>> carry_out_cold(Session& session, const KernelRequest& request) {
  TRY(find_kernel(session));
  FreezeWindowRecord record;
  record.step = "a program's request";
  record.ops = 1;
  record.at_ns = session.now_ns();
  auto window = TRY(freeze(session));
  auto values = carry_out(session, request);
  auto frozen_ns = window.close();
  if (!frozen_ns) {
    session.note_failure(frozen_ns.error());
    return std::unexpected(std::move(frozen_ns).error());
  }
  record.frozen_ns = *frozen_ns;
  session.note_freeze_window(std::move(record));
  return values;
}

Result<Body> carry_out_kernel_op(Session& session, std::string_view body) {
  KernelRequest request;
  const WireError wrong =
      decode({reinterpret_cast<const std::uint8_t*>(body.data()), body.size()}, &request);
  if (!wrong.ok()) {
    return fail(StatusCode::kBadData, "kernel op of a program: " + to_string(wrong));
  }
  KernelReply reply;
  reply.id = request.id;
  reply.values = TRY(request.mode == KernelAccessMode::kCold ? carry_out_cold(session, request)
                                                             : carry_out(session, request));
  Body bytes;
  const WireError too_long = encode(reply, bytes);
  if (!too_long.ok() || bytes.size() > kMaxGuestRequestBytes) {
    return fail(StatusCode::kInvalidArgument,
                "kernel op of a program: its values do not fit into a reply of 64 KiB");
  }
  return bytes;
}

Result<Body> take_snapshot(Session& session, std::string_view tag) {
  if (!session.snapshots()) {
    return fail(StatusCode::kUnsupported, "the machine takes no snapshots");
  }
  TRY(session.snapshots()(tag.empty() ? "request" : std::string(tag)));
  return Body();
}

Result<Body> answer(Session& session, const GuestRequest& request) {
  switch (static_cast<GuestRequestKind>(request.kind)) {
  case GuestRequestKind::kKernelOp:
    return carry_out_kernel_op(session, request.body);
  case GuestRequestKind::kSnapshot:
    return take_snapshot(session, request.body);
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

// SPDX-License-Identifier: MIT
#include "host/engine/program_requests.hpp"

#include <utility>

#include <schedrig/guest_requests.hpp>

#include "host/engine/freeze_session.hpp"
#include "host/engine/kernel_requests.hpp"

namespace schedrig::engine {
namespace {

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

} // namespace

Result<std::vector<KernelValue>> carry_out_for_program(Session& session,
                                                       const KernelRequest& request) {
  return request.mode == KernelAccessMode::kCold ? carry_out_cold(session, request)
                                                 : carry_out(session, request);
}

Result<std::vector<std::uint8_t>> carry_out_message(Session& session,
                                                    std::span<const std::uint8_t> message) {
  KernelRequest request;
  const WireError wrong = decode(message, &request);
  if (!wrong.ok()) {
    return fail(StatusCode::kBadData, "kernel op of a program: " + to_string(wrong));
  }
  KernelReply reply;
  reply.id = request.id;
  reply.values = TRY(carry_out_for_program(session, request));
  std::vector<std::uint8_t> bytes;
  const WireError too_long = encode(reply, bytes);
  if (!too_long.ok() || bytes.size() > kMaxGuestRequestBytes) {
    return fail(StatusCode::kInvalidArgument,
                "kernel op of a program: its values do not fit into a reply of 64 KiB");
  }
  return bytes;
}

Result<> take_program_snapshot(Session& session, const std::string& tag) {
  if (!session.snapshots()) {
    return fail(StatusCode::kUnsupported, "the machine takes no snapshots");
  }
  return session.snapshots()(tag.empty() ? "request" : tag);
}

} // namespace schedrig::engine

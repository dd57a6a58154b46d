// SPDX-License-Identifier: MIT
#include "host/engine/ring_requests.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <schedrig/request_errno.hpp>

#include "host/engine/program_requests.hpp"
#include "host/engine/ring_sched_command.hpp"

namespace schedrig::engine {
namespace {

RingResult failed(const Error& error) {
  return RingResult::error(request_errno(error.code, error.os_errno));
}

// Arguments that an operation does not have are 0, so that they can mean something one day.
bool unused_from(const RingSubmission& entry, std::size_t first) {
  return std::all_of(entry.args + first, std::end(entry.args),
                     [](std::uint64_t word) { return word == 0; });
}

// args: kernel address, mode; `value` is what is written, or for a read zero of its width.
RingResult access_word(Session& session, const RingSubmission& entry, KernelAccess access,
                       KernelValue value) {
  if (entry.args[1] > 1) {
    return RingResult::error(EINVAL);
  }
  KernelRequest request;
  request.mode = entry.args[1] == 0 ? KernelAccessMode::kHot : KernelAccessMode::kCold;
  request.access = access;
  request.entries.push_back({.target = KvaTarget{entry.args[0]}, .value = std::move(value)});
  const auto values = carry_out_for_program(session, request);
  if (!values) {
    return failed(values.error());
  }
  if (values->empty()) {
    return {};
  }
  if (const auto* word = std::get_if<U32Value>(&values->front())) {
    return {.value = word->value};
  }
  const auto* word = std::get_if<U64Value>(&values->front());
  return word == nullptr ? RingResult::error(EIO)
                         : RingResult{.value = static_cast<std::int64_t>(word->value)};
}

RingResult read_word(Session& session, const RingSubmission& entry, KernelValue zero) {
  return unused_from(entry, 2) ? access_word(session, entry, KernelAccess::kRead, std::move(zero))
                               : RingResult::error(EINVAL);
}

template <class Value> RingResult write_word(Session& session, const RingSubmission& entry) {
  using Word = decltype(std::declval<Value>().value);
  const auto word = static_cast<Word>(entry.args[2]);
  if (!unused_from(entry, 3) || word != entry.args[2]) {
    return RingResult::error(EINVAL);
  }
  return access_word(session, entry, KernelAccess::kWrite, Value{word});
}

RingResult or_word(Session& session, const RingSubmission& entry) {
  const auto mask = static_cast<std::uint32_t>(entry.args[2]);
  if (!unused_from(entry, 3) || mask != entry.args[2]) {
    return RingResult::error(EINVAL);
  }
  return access_word(session, entry, KernelAccess::kWrite, OrU32Value{mask});
}

// args: place and bytes of the request, place and room of the reply. The request is copied once,
// before it is looked at: its program can write to it meanwhile.
RingResult kernel_op(Session& session, const RingSubmission& entry, std::span<std::uint8_t> data) {
  const auto from = ring_data(data, entry.args[0], entry.args[1]);
  const auto into = ring_data(data, entry.args[2], entry.args[3]);
  if (from.empty() || into.empty() || !unused_from(entry, 4)) {
    return RingResult::error(EINVAL);
  }
  const std::vector<std::uint8_t> message(from.begin(), from.end());
  const auto reply = carry_out_message(session, message);
  if (!reply) {
    return failed(reply.error());
  }
  if (reply->size() > into.size()) {
    return RingResult::error(EMSGSIZE);
  }
  std::ranges::copy(*reply, into.begin());
  return {.value = static_cast<std::int64_t>(reply->size())};
}

RingResult snapshot(Session& session, const RingSubmission& entry) {
  if (!unused_from(entry, 1)) {
    return RingResult::error(EINVAL);
  }
  const auto taken = take_program_snapshot(session, std::to_string(entry.args[0]));
  return taken ? RingResult() : failed(taken.error());
}

} // namespace

RingResult carry_out_entry(Session& session, const RingSubmission& entry,
                           std::span<std::uint8_t> data) {
  switch (static_cast<RingOpcode>(entry.opcode)) {
  case RingOpcode::kNoop:
    return unused_from(entry, 0) ? RingResult() : RingResult::error(EINVAL);
  case RingOpcode::kKernelOp:
    return kernel_op(session, entry, data);
  case RingOpcode::kReadU32:
    return read_word(session, entry, U32Value{});
  case RingOpcode::kReadU64:
    return read_word(session, entry, U64Value{});
  case RingOpcode::kWriteU32:
    return write_word<U32Value>(session, entry);
  case RingOpcode::kWriteU64:
    return write_word<U64Value>(session, entry);
  case RingOpcode::kOrU32:
    return or_word(session, entry);
  case RingOpcode::kSnapshot:
    return snapshot(session, entry);
  case RingOpcode::kSchedCommand:
    return carry_out_sched_command(session, entry, data);
  }
  return RingResult::error(ENOSYS);
}

void serve_ring(Session& session) {
  if (RingServer* ring = session.ring()) {
    complete_sched_commands(session);
    ring->serve([&session, data = ring->data()](const RingSubmission& entry) {
      return carry_out_entry(session, entry, data);
    });
  }
}

} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
// The handlers of staging and payloads.
#include <algorithm>

#include "agent/clock.hpp"
#include "agent/server.hpp"
#include "channel/payload_messages.hpp"

namespace schedrig::agent {

using kvm::MessageType;

namespace {

// A payload that prints all the time must not keep the channel busy.
constexpr std::int64_t kTailIntervalNs = 100'000'000;

} // namespace

Result<> Server::on_stage(kvm::ByteView payload) {
  const auto piece = kvm::decode_stage_piece(payload);
  if (!piece) {
    return refuse(payload, piece.error());
  }
  return connection_.send(kvm::encode_answer(MessageType::kStageReply, piece->request,
                                             kvm::to_outcome(staging_.write(*piece))));
}

Result<> Server::on_payload_spawn(kvm::ByteView payload) {
  const auto request = kvm::decode_payload_spawn(payload);
  if (!request) {
    return refuse(payload, request.error());
  }
  kvm::PayloadSpawnReply reply;
  if (auto spawned = payloads_.spawn(*request)) {
    reply = *std::move(spawned);
  } else {
    reply.outcome = kvm::to_outcome(std::unexpected(std::move(spawned).error()));
  }
  reply.request = request->request;
  return connection_.send(kvm::encode_payload_spawn_reply(reply));
}

Result<> Server::on_payload_start(kvm::ByteView payload) {
  const auto request = kvm::decode_payload_request(payload);
  if (!request) {
    return refuse(payload, request.error());
  }
  return connection_.send(kvm::encode_answer(MessageType::kPayloadStartReply, request->request,
                                             kvm::to_outcome(payloads_.start(request->payload))));
}

Result<> Server::on_payload_terminate(kvm::ByteView payload) {
  const auto request = kvm::decode_payload_request(payload);
  if (!request) {
    return refuse(payload, request.error());
  }
  return connection_.send(
      kvm::encode_answer(MessageType::kPayloadTerminateReply, request->request,
                         kvm::to_outcome(payloads_.terminate(request->payload))));
}

Result<> Server::on_payload_end(kvm::ByteView payload, bool kill) {
  const auto request = kvm::decode_payload_request(payload);
  if (!request) {
    return refuse(payload, request.error());
  }
  const auto ended = kill ? payloads_.kill(request->payload) : payloads_.collect(request->payload);
  kvm::PayloadEndReply reply;
  if (ended) {
    reply.report = (*ended)->report();
    TRY(send_output(request->request, kvm::PayloadStream::kStdout, reply.report.stdout_text));
    TRY(send_output(request->request, kvm::PayloadStream::kStderr, reply.report.stderr_text));
  } else {
    reply.outcome = kvm::to_outcome(std::unexpected(ended.error()));
  }
  reply.request = request->request;
  return connection_.send(kvm::encode_payload_end(reply));
}

Result<> Server::send_output(std::uint32_t request, kvm::PayloadStream stream,
                             std::string_view text) {
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, kvm::kMaxOutputPieceBytes);
    TRY(connection_.send(
        kvm::encode_output_piece({.request = request, .stream = stream, .text = piece})));
    text.remove_prefix(piece.size());
  }
  return {};
}

void Server::read_output() {
  payloads_.read_output();
  if (const std::int64_t now = monotonic_ns(); now - tails_sent_ns_ >= kTailIntervalNs) {
    payloads_.take_tails([&](const kvm::PayloadTail& tail) {
      tails_sent_ns_ = now;
      // Lost only together with the channel, which the next send or receive reports.
      [[maybe_unused]] const Result<> sent = connection_.send(kvm::encode_payload_tail(tail));
    });
  }
}

int Server::output_timeout_ms() const {
  if (!payloads_.has_tails()) {
    return -1;
  }
  const std::int64_t left = tails_sent_ns_ + kTailIntervalNs - monotonic_ns();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, kTailIntervalNs) / 1'000'000 + 1);
}

void Server::on_other_exit(pid_t pid, int wait_status, const rusage& usage) {
  if (const std::uint32_t payload = payloads_.on_exit(pid, wait_status, usage); payload != 0) {
    // Lost only together with the channel, which the next send or receive reports.
    [[maybe_unused]] const Result<> sent = connection_.send(kvm::encode_payload_ended(payload));
  }
}

} // namespace schedrig::agent

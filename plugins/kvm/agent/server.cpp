// SPDX-License-Identifier: MIT
// The poll loop and the handler of each request.
#include "agent/server.hpp"

#include <array>
#include <cerrno>

#include <poll.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent/affinity.hpp"
#include "agent/clock.hpp"
#include "agent/file_ops.hpp"
#include "agent/mem_policy.hpp"
#include "channel/file_messages.hpp"
#include "channel/mem_policy_messages.hpp"
#include "channel/task_messages.hpp"

namespace schedrig::agent {

using kvm::MessageType;

Server::Server(Connection& connection, ChildWatch& children)
    : connection_(connection), children_(children),
      groups_(children, [this](const std::string& text) { notice(text); }) {}

Result<> Server::run() {
  TRY(say_hello());
  while (!shutting_down_) {
    std::array<pollfd, 2> waits{{{.fd = connection_.fd(), .events = POLLIN, .revents = 0},
                                 {.fd = children_.fd(), .events = POLLIN, .revents = 0}}};
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) {
      return fail_errno(errno, "poll");
    }
    if (waits[1].revents != 0) {
      groups_.reap();
    }
    if (waits[0].revents != 0) {
      if (!TRY(connection_.receive())) {
        return fail(StatusCode::kGuestFailed, "the host has closed the control channel");
      }
      received_ns_ = monotonic_ns();
      TRY(drain());
    }
  }
  return {};
}

Result<> Server::say_hello() {
  utsname names{};
  ::uname(&names);
  return connection_.send(
      kvm::encode_hello({.protocol = kvm::kProtocolVersion,
                         .agent_version = SCHEDRIG_VERSION,
                         .kernel_release = names.release,
                         .kernel_version = names.version,
                         .online_cpus = static_cast<std::uint32_t>(::sysconf(_SC_NPROCESSORS_ONLN)),
                         .monotonic_ns = monotonic_ns(),
                         .boottime_ns = clock_ns(CLOCK_BOOTTIME)}));
}

Result<> Server::drain() {
  while (!shutting_down_) {
    const auto parsed = connection_.parser().next();
    if (!parsed) {
      return {};
    }
    if (parsed->kind == kvm::ParsedKind::kFrame) {
      TRY(on_frame(*parsed));
    } else {
      const bool bad_crc = parsed->kind == kvm::ParsedKind::kBadCrc;
      notice(std::string("control channel: ") +
             (bad_crc ? "dropped a frame with a bad CRC, " : "skipped garbage, ") +
             std::to_string(parsed->skipped) + " bytes");
    }
  }
  return {};
}

Result<> Server::on_frame(const kvm::Parsed& frame) {
  switch (frame.type) {
  case MessageType::kClockRequest:
    return connection_.send(kvm::encode_clock_reply(
        {.request = kvm::peek_request(frame.payload),
         .stamps = {.received_ns = received_ns_, .sent_ns = monotonic_ns()}}));
  case MessageType::kFileRequest:
    return on_file_request(frame.payload);
  case MessageType::kSpawnRequest:
    return on_spawn(frame.payload);
  case MessageType::kStartRequest:
    return on_start(frame.payload);
  case MessageType::kStopRequest:
    return on_stop(frame.payload);
  case MessageType::kPinRequest:
    return on_pin(frame.payload);
  case MessageType::kMemPolicyRequest:
    return on_mem_policy(frame.payload);
  case MessageType::kShutdownRequest:
    shutting_down_ = true;
    return connection_.send(
        kvm::encode_bare(MessageType::kShutdownReply, kvm::peek_request(frame.payload)));
  default:
    return refuse(frame.payload, {StatusCode::kBadData, "no request for an agent", {}, 0});
  }
}

Result<> Server::on_file_request(kvm::ByteView payload) {
  const auto request = kvm::decode_file_request(payload);
  if (!request) {
    return refuse(payload, request.error());
  }
  std::uint32_t index = 0;
  for (const FileOp& op : request->ops) {
    const FileResult result = execute(op);
    TRY(connection_.send(kvm::encode_file_reply({.request = request->request,
                                                 .index = index++,
                                                 .os_errno = result.os_errno,
                                                 .at_ns = monotonic_ns(),
                                                 .data = result.data})));
    if (result.os_errno != 0 && request->mode == FileBatchMode::kStopAtFirstError) {
      break;
    }
  }
  return connection_.send(
      kvm::encode_file_done({.request = request->request,
                             .executed = index,
                             .stamps = {.received_ns = received_ns_, .sent_ns = monotonic_ns()}}));
}

Result<> Server::on_spawn(kvm::ByteView payload) {
  const auto request = kvm::decode_spawn_request(payload);
  if (!request) {
    return refuse(payload, request.error());
  }
  kvm::SpawnReply reply;
  if (auto spawned = groups_.spawn(request->spec, connection_.fd())) {
    reply = *std::move(spawned);
  } else {
    reply.outcome = kvm::to_outcome(std::unexpected(std::move(spawned).error()));
  }
  reply.request = request->request;
  return connection_.send(kvm::encode_spawn_reply(reply));
}

Result<> Server::on_start(kvm::ByteView payload) {
  const auto request = kvm::decode_group_request(payload);
  if (!request) {
    return refuse(payload, request.error());
  }
  return connection_.send(kvm::encode_answer(MessageType::kStartReply, request->request,
                                             kvm::to_outcome(groups_.start(request->group))));
}

Result<> Server::on_stop(kvm::ByteView payload) {
  const auto request = kvm::decode_group_request(payload);
  if (!request) {
    return refuse(payload, request.error());
  }
  auto stopped = groups_.stop(request->group, request->grace_ns);
  kvm::Outcome outcome;
  if (stopped) {
    for (kvm::WorkerReportMessage& report : *stopped) {
      report.request = request->request;
      TRY(connection_.send(kvm::encode_worker_report(report)));
    }
  } else {
    outcome = kvm::to_outcome(std::unexpected(std::move(stopped).error()));
  }
  return connection_.send(kvm::encode_answer(MessageType::kStopReply, request->request, outcome));
}

Result<> Server::on_pin(kvm::ByteView payload) {
  const auto request = kvm::decode_pin_request(payload);
  if (!request) {
    return refuse(payload, request.error());
  }
  return connection_.send(kvm::encode_answer(MessageType::kPinReply, request->request,
                                             kvm::to_outcome(pin(request->pids, request->cpus))));
}

Result<> Server::on_mem_policy(kvm::ByteView payload) {
  const auto request = kvm::decode_mem_policy_request(payload);
  if (!request) {
    return refuse(payload, request.error());
  }
  return connection_.send(
      kvm::encode_answer(MessageType::kMemPolicyReply, request->request,
                         kvm::to_outcome(set_mem_policy(request->mode, request->nodes))));
}

Result<> Server::refuse(kvm::ByteView payload, const Error& error) {
  return connection_.send(kvm::encode_answer(MessageType::kRefused, kvm::peek_request(payload),
                                             kvm::to_outcome(std::unexpected(error))));
}

void Server::notice(const std::string& text) {
  // Lost only together with the channel, which the next send or receive reports.
  [[maybe_unused]] const Result<> sent = connection_.send(kvm::encode_notice(text));
}

} // namespace schedrig::agent

// SPDX-License-Identifier: MIT
// The poll loop and the handler of each request.
#include "agent/server.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent/affinity.hpp"
#include "agent/clock.hpp"
#include "agent/file_ops.hpp"
#include "agent/identity.hpp"
#include "agent/mem_policy.hpp"
#include "agent/ring_function.hpp"
#include "channel/bpf_map_messages.hpp"
#include "channel/file_messages.hpp"
#include "channel/mem_policy_messages.hpp"
#include "channel/task_messages.hpp"

namespace schedrig::agent {

using kvm::MessageType;

namespace {

// What payloads find of the host.
std::vector<std::string> environment_of(const RequestSocket& requests, bool owns_machine) {
  std::vector<std::string> environment =
      owns_machine ? ring_environment() : std::vector<std::string>();
  environment.push_back("SCHEDRIG_REQUESTS=" + requests.path());
  return environment;
}

} // namespace

Server::Server(Connection& connection, ChildWatch& children, RequestSocket& requests,
               std::string stage_root)
    : connection_(connection), children_(children), requests_(requests),
      owns_machine_(stage_root.empty()), staging_(std::move(stage_root)),
      groups_(
          children, [this](const std::string& text) { notice(text); },
          [this](pid_t pid, int wait_status, const rusage& usage) {
            on_other_exit(pid, wait_status, usage);
          },
          [this](std::int64_t until_ns) { wait_for_children(until_ns); }),
      payloads_([this](std::int64_t until_ns) { wait_for_children(until_ns); },
                environment_of(requests, owns_machine_)) {}

Result<> Server::run() {
  TRY(say_hello());
  while (!shutting_down_) {
    std::vector<pollfd> waits{{.fd = connection_.fd(), .events = POLLIN, .revents = 0},
                              {.fd = children_.fd(), .events = POLLIN, .revents = 0}};
    payloads_.add_waits(waits);
    requests_.add_waits(waits);
    // -1, without a limit, is the largest of unsigned numbers.
    const int timeout_ms = static_cast<int>(std::min(
        static_cast<unsigned>(output_timeout_ms()), static_cast<unsigned>(requests_.timeout_ms())));
    if (::poll(waits.data(), waits.size(), timeout_ms) < 0 && errno != EINTR) {
      return fail_errno(errno, "poll");
    }
    if (waits[1].revents != 0) {
      groups_.reap();
    }
    read_output();
    requests_.serve([this](const kvm::GuestRequestMessage& request) {
      // Lost only together with the channel, which the next send or receive reports.
      [[maybe_unused]] const Result<> sent = connection_.send(kvm::encode_guest_request(request));
    });
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

// Payloads that write must not stand still because the agent waits for somebody else.
void Server::wait_for_children(std::int64_t until_ns) {
  std::vector<pollfd> waits{{.fd = children_.fd(), .events = POLLIN, .revents = 0}};
  payloads_.add_waits(waits);
  const std::int64_t left_ns = std::max<std::int64_t>(until_ns - monotonic_ns(), 0);
  const timespec left{.tv_sec = left_ns / 1'000'000'000, .tv_nsec = left_ns % 1'000'000'000};
  ::ppoll(waits.data(), waits.size(), &left, nullptr);
  read_output();
  groups_.reap();
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
  case MessageType::kMapPin:
    return on_map_pin(frame.payload);
  case MessageType::kMapUnpinAll:
    return connection_.send(kvm::encode_answer(MessageType::kMapUnpinAllReply,
                                               kvm::peek_request(frame.payload),
                                               kvm::to_outcome(maps_.unpin_all())));
  case MessageType::kStageRequest:
    return on_stage(frame.payload);
  case MessageType::kPayloadSpawn:
    return on_payload_spawn(frame.payload);
  case MessageType::kPayloadStart:
    return on_payload_start(frame.payload);
  case MessageType::kPayloadTerminate:
    return on_payload_terminate(frame.payload);
  case MessageType::kPayloadCollect:
    return on_payload_end(frame.payload, false);
  case MessageType::kPayloadKill:
    return on_payload_end(frame.payload, true);
  case MessageType::kGuestReply:
    return on_guest_reply(frame.payload);
  case MessageType::kIdentityRequest:
    return on_identity(frame.payload);
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

Result<> Server::on_identity(kvm::ByteView payload) {
  const auto identity = kvm::decode_identity(payload);
  if (!identity) {
    return refuse(payload, identity.error());
  }
  const Result<> taken =
      owns_machine_ ? take_on(*identity)
                    : fail(StatusCode::kUnsupported, "this agent is not its machine's first "
                                                     "process");
  if (taken) {
    groups_.disown(); // they are of the machine that was saved
    payloads_.disown();
  }
  return connection_.send(
      kvm::encode_answer(MessageType::kIdentityReply, identity->request, kvm::to_outcome(taken)));
}

Result<> Server::on_spawn(kvm::ByteView payload) {
  const auto request = kvm::decode_spawn_request(payload);
  if (!request) {
    return refuse(payload, request.error());
  }
  kvm::SpawnReply reply;
  if (auto spawned = groups_.spawn(request->spec)) {
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
  const auto stopped = groups_.stop(request->group, request->grace_ns);
  kvm::Outcome outcome;
  if (stopped) {
    for (std::uint32_t i = 0; i < (*stopped)->workers(); ++i) {
      kvm::WorkerReportMessage report = (*stopped)->report(i);
      report.request = request->request;
      TRY(connection_.send(kvm::encode_worker_report(report)));
    }
  } else {
    outcome = kvm::to_outcome(std::unexpected(stopped.error()));
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

Result<> Server::on_map_pin(kvm::ByteView payload) {
  const auto request = kvm::decode_map_pin_request(payload);
  if (!request) {
    return refuse(payload, request.error());
  }
  return connection_.send(
      kvm::encode_answer(MessageType::kMapPinReply, request->request,
                         kvm::to_outcome(maps_.pin(request->name, request->path))));
}

Result<> Server::on_guest_reply(kvm::ByteView payload) {
  const auto reply = kvm::decode_guest_reply(payload);
  if (!reply) {
    return refuse(payload, reply.error());
  }
  return connection_.send(kvm::encode_answer(MessageType::kGuestReplyDone, reply->request,
                                             kvm::to_outcome(requests_.reply(*reply))));
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

// SPDX-License-Identifier: MIT
// Worker groups through the agent.
#include "backend/tasks_facet.hpp"

#include <algorithm>

#include <schedrig/export.hpp>
#include <schedrig/work_check.hpp>

#include "channel/task_messages.hpp"

namespace schedrig::kvm {
namespace {

// Forking one worker takes well below a millisecond on hardware; emulated hosts are the reason.
constexpr std::chrono::milliseconds kTimePerWorker{10};
// The agent kills what is left after the grace and waits five seconds for it.
constexpr std::chrono::seconds kTimeToKill{6};
// As the agent's own limit.
constexpr std::int64_t kMaxGraceNs = 600'000'000'000;

std::unexpected<Error> unexpected_answer(std::string_view what) {
  return fail(StatusCode::kBadData, std::string(what) + ": unexpected answer of the guest agent");
}

Deadline in(std::chrono::nanoseconds time) {
  return std::chrono::steady_clock::now() + time;
}

} // namespace

Status AgentTasks::spawn(const WorkSpec& spec, std::uint32_t* group, PidSink& pids) noexcept {
  return guard("spawn", [&] { return spawn_group(spec, group, pids); });
}

Status AgentTasks::start(std::uint32_t group) noexcept {
  return guard("start", [&] { return start_group(group); });
}

Status AgentTasks::stop(std::uint32_t group, std::int64_t grace_ns,
                        WorkerReportSink& sink) noexcept {
  return guard("stop", [&] { return stop_group(group, grace_ns, sink); });
}

Result<> AgentTasks::spawn_group(const WorkSpec& spec, std::uint32_t* group, PidSink& pids) {
  if (spec.cpus.size() > kMaxReportedCpus) {
    return fail(StatusCode::kInvalidArgument,
                "spawn: affinity of " + std::to_string(spec.cpus.size()) + " CPUs");
  }
  TRY(from_status(check_work_spec(spec)));
  const std::uint32_t request = link_.new_request();
  const std::uint32_t workers = std::min(spec.workers, kMaxWorkersPerGroup);
  SpawnReply reply;
  const auto on_answer = [&](const Parsed& frame) -> Result<bool> {
    if (frame.type != MessageType::kSpawnReply) {
      return unexpected_answer("spawn");
    }
    reply = TRY(decode_spawn_reply(frame.payload));
    return true;
  };
  TRY(link_.exchange(request, encode_spawn_request(request, spec), "spawn",
                     in(timeout_ + workers * kTimePerWorker), on_answer));
  if (auto outcome = from_outcome(reply.outcome); !outcome) {
    return std::unexpected(std::move(outcome).error().context("spawn"));
  }
  if (reply.pids.size() != spec.workers) {
    return fail(StatusCode::kBadData, "spawn: the guest agent names " +
                                          std::to_string(reply.pids.size()) + " pids for " +
                                          std::to_string(spec.workers) + " workers");
  }
  *group = reply.group;
  for (std::uint32_t i = 0; i < spec.workers; ++i) {
    pids.on_pid(i, reply.pids[i]);
  }
  return {};
}

Result<> AgentTasks::start_group(std::uint32_t group) {
  const std::uint32_t request = link_.new_request();
  Answer answer;
  const Bytes frame =
      encode_group_request(MessageType::kStartRequest, {.request = request, .group = group});
  const auto on_answer = [&](const Parsed& reply) -> Result<bool> {
    if (reply.type != MessageType::kStartReply) {
      return unexpected_answer("start");
    }
    answer = TRY(decode_answer(reply.payload));
    return true;
  };
  TRY(link_.exchange(request, frame, "start", in(timeout_), on_answer));
  if (auto outcome = from_outcome(answer.outcome); !outcome) {
    return std::unexpected(std::move(outcome).error().context("start"));
  }
  return {};
}

Result<> AgentTasks::stop_group(std::uint32_t group, std::int64_t grace_ns,
                                WorkerReportSink& sink) {
  // The gaps' times are converted with a fresh offset; a machine that no longer answers shows
  // before anything has changed.
  TRY(link_.sync_clock(in(timeout_)));
  const std::int64_t grace = std::clamp<std::int64_t>(grace_ns, 0, kMaxGraceNs);
  const std::uint32_t request = link_.new_request();
  std::vector<WorkerReportMessage> reports;
  Answer answer;
  const Bytes frame = encode_group_request(MessageType::kStopRequest,
                                           {.request = request, .group = group, .grace_ns = grace});
  const auto on_answer = [&](const Parsed& reply) -> Result<bool> {
    if (reply.type == MessageType::kStopReply) {
      answer = TRY(decode_answer(reply.payload));
      return true;
    }
    if (reply.type != MessageType::kWorkerReport || reports.size() == kMaxWorkersPerGroup) {
      return unexpected_answer("stop");
    }
    reports.push_back(TRY(decode_worker_report(reply.payload)));
    if (reports.back().report.worker != reports.size() - 1) {
      return fail(StatusCode::kBadData, "stop: worker reports are out of order");
    }
    return false;
  };
  TRY(link_.exchange(request, frame, "stop",
                     in(timeout_ + std::chrono::nanoseconds(grace) + kTimeToKill), on_answer));
  if (auto outcome = from_outcome(answer.outcome); !outcome) {
    return std::unexpected(std::move(outcome).error().context("stop"));
  }
  for (WorkerReportMessage& message : reports) {
    for (Gap& gap : message.gaps) {
      gap.start_ns = clock_.from_guest(link_.clock(), gap.start_ns);
    }
    message.report.cpus_used = message.cpus_used;
    message.report.gaps = message.gaps;
    message.report.wake_latencies_ns = message.wake_latencies_ns;
    sink.on_report(message.report);
  }
  return {};
}

} // namespace schedrig::kvm

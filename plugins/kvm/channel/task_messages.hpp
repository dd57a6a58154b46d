// SPDX-License-Identifier: MIT
// Messages of worker groups: spawn, start, stop and the report of each worker.
//
// Start and stop are answered by an Answer (messages.hpp); a stop's answer comes after the reports
// of all its workers. Times are guest CLOCK_MONOTONIC. Errors: kBadData. Thread: any.
#pragma once

#include <schedrig/tasks.hpp>
#include <schedrig/work.hpp>

#include "channel/messages.hpp"

namespace schedrig::kvm {

// The spans of a decoded request's spec point into the vectors of the same object: it moves, never
// copies.
struct SpawnRequest {
  std::uint32_t request = 0;
  WorkSpec spec;
  std::vector<std::uint32_t> cpus;
  std::vector<WorkPhase> phases;

  SpawnRequest() = default;
  SpawnRequest(SpawnRequest&&) = default; // a moved vector keeps its elements' addresses
  SpawnRequest& operator=(SpawnRequest&&) = default;
  SpawnRequest(const SpawnRequest&) = delete;
  SpawnRequest& operator=(const SpawnRequest&) = delete;
  ~SpawnRequest() = default;
};

struct SpawnReply {
  std::uint32_t request = 0;
  Outcome outcome;
  std::uint32_t group = 0;
  std::vector<std::int32_t> pids; // by worker
};

struct GroupRequest { // start and stop
  std::uint32_t request = 0;
  std::uint32_t group = 0;
  std::int64_t grace_ns = 0; // stop only
};

struct PinRequest {
  std::uint32_t request = 0;
  std::vector<std::int32_t> pids;
  std::vector<std::uint32_t> cpus;
};

// WorkerReport with storage of its own.
struct WorkerReportMessage {
  std::uint32_t request = 0;
  WorkerReport report; // its spans are empty: they are the vectors below
  std::vector<std::uint32_t> cpus_used;
  std::vector<Gap> gaps;
  std::vector<std::int64_t> wake_latencies_ns;
};

[[nodiscard]] Bytes encode_spawn_request(std::uint32_t request, const WorkSpec& spec);
// Checks the form and that enumerators exist; what the values mean is the worker group's business.
[[nodiscard]] Result<SpawnRequest> decode_spawn_request(ByteView payload);

[[nodiscard]] Bytes encode_spawn_reply(const SpawnReply& reply);
[[nodiscard]] Result<SpawnReply> decode_spawn_reply(ByteView payload);

// type is kStartRequest or kStopRequest.
[[nodiscard]] Bytes encode_group_request(MessageType type, const GroupRequest& request);
[[nodiscard]] Result<GroupRequest> decode_group_request(ByteView payload);

[[nodiscard]] Bytes encode_pin_request(std::uint32_t request, std::span<const std::int32_t> pids,
                                       std::span<const std::uint32_t> cpus);
[[nodiscard]] Result<PinRequest> decode_pin_request(ByteView payload);

[[nodiscard]] Bytes encode_worker_report(const WorkerReportMessage& message);
[[nodiscard]] Result<WorkerReportMessage> decode_worker_report(ByteView payload);

} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// Encoding and decoding of spawn, start, stop, pin and worker reports.
#include "channel/task_messages.hpp"

#include "channel/byte_codec.hpp"
#include "channel/frame.hpp"
#include "channel/outcome_codec.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::size_t kGapBytes = 20;
constexpr std::size_t kPhaseBytes = 20;

} // namespace

Bytes encode_spawn_request(std::uint32_t request, const WorkSpec& spec) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(request);
  out.put(static_cast<std::uint32_t>(spec.type));
  out.put(spec.workers);
  out.put(spec.burst_iterations);
  out.put(spec.burst_ns);
  out.put(spec.sleep_ns);
  out.put(spec.nice);
  out.put(static_cast<std::uint32_t>(spec.policy));
  out.put(spec.footprint_bytes);
  out.put(spec.stride_bytes);
  out.put(spec.hold_iterations);
  out.put(spec.fan_out);
  out.put(spec.contenders);
  out.put(spec.operations);
  out.put(spec.touches);
  out.put(spec.precise_timing);
  out.put(static_cast<std::uint32_t>(spec.cpus.size()));
  for (const std::uint32_t cpu : spec.cpus) {
    out.put(cpu);
  }
  out.put(static_cast<std::uint32_t>(spec.phases.size()));
  for (const WorkPhase& phase : spec.phases) {
    out.put(static_cast<std::uint32_t>(phase.kind));
    out.put(phase.duration_ns);
    out.put(phase.number);
    out.put(phase.count);
  }
  return encode_frame(MessageType::kSpawnRequest, payload);
}

Result<SpawnRequest> decode_spawn_request(ByteView payload) {
  ByteReader in(payload);
  SpawnRequest message;
  message.request = in.get<std::uint32_t>();
  const auto type = in.get<std::uint32_t>();
  message.spec.workers = in.get<std::uint32_t>();
  message.spec.burst_iterations = in.get<std::uint32_t>();
  message.spec.burst_ns = in.get<std::int64_t>();
  message.spec.sleep_ns = in.get<std::int64_t>();
  message.spec.nice = in.get<std::int32_t>();
  const auto policy = in.get<std::uint32_t>();
  message.spec.footprint_bytes = in.get<std::uint64_t>();
  message.spec.stride_bytes = in.get<std::uint32_t>();
  message.spec.hold_iterations = in.get<std::uint32_t>();
  message.spec.fan_out = in.get<std::uint32_t>();
  message.spec.contenders = in.get<std::uint32_t>();
  message.spec.operations = in.get<std::uint32_t>();
  message.spec.touches = in.get<std::uint32_t>();
  message.spec.precise_timing = in.get<std::uint32_t>();
  message.cpus.resize(in.count(kMaxReportedCpus, sizeof(std::uint32_t)));
  for (std::uint32_t& cpu : message.cpus) {
    cpu = in.get<std::uint32_t>();
  }
  message.phases.resize(in.count(kMaxPhases, kPhaseBytes));
  bool phases_exist = true;
  for (WorkPhase& phase : message.phases) {
    const auto kind = in.get<std::uint32_t>();
    if (kind <= static_cast<std::uint32_t>(PhaseKind::kBarrier)) {
      phase.kind = static_cast<PhaseKind>(kind);
    } else {
      phases_exist = false;
    }
    phase.duration_ns = in.get<std::int64_t>();
    phase.number = in.get<std::uint32_t>();
    phase.count = in.get<std::uint32_t>();
  }
  if (!in.complete() || type >= kWorkTypeCount || !phases_exist ||
      policy > static_cast<std::uint32_t>(SchedClass::kIdle)) {
    return malformed("spawn request");
  }
  message.spec.type = static_cast<WorkType>(type);
  message.spec.policy = static_cast<SchedClass>(policy);
  message.spec.cpus = message.cpus;
  message.spec.phases = message.phases;
  return message;
}

Bytes encode_spawn_reply(const SpawnReply& reply) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(reply.request);
  put_outcome(out, reply.outcome);
  out.put(reply.group);
  out.put(static_cast<std::uint32_t>(reply.pids.size()));
  for (const std::int32_t pid : reply.pids) {
    out.put(pid);
  }
  return encode_frame(MessageType::kSpawnReply, payload);
}

Result<SpawnReply> decode_spawn_reply(ByteView payload) {
  ByteReader in(payload);
  SpawnReply reply;
  reply.request = in.get<std::uint32_t>();
  const bool outcome_ok = get_outcome(in, reply.outcome);
  reply.group = in.get<std::uint32_t>();
  reply.pids.resize(in.count(kMaxWorkersPerGroup, sizeof(std::int32_t)));
  for (std::int32_t& pid : reply.pids) {
    pid = in.get<std::int32_t>();
  }
  if (!outcome_ok || !in.complete()) {
    return malformed("spawn reply");
  }
  return reply;
}

Bytes encode_group_request(MessageType type, const GroupRequest& request) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(request.request);
  out.put(request.group);
  out.put(request.grace_ns);
  return encode_frame(type, payload);
}

Result<GroupRequest> decode_group_request(ByteView payload) {
  ByteReader in(payload);
  GroupRequest request;
  request.request = in.get<std::uint32_t>();
  request.group = in.get<std::uint32_t>();
  request.grace_ns = in.get<std::int64_t>();
  if (!in.complete()) {
    return malformed("group request");
  }
  return request;
}

Bytes encode_pin_request(std::uint32_t request, std::span<const std::int32_t> pids,
                         std::span<const std::uint32_t> cpus) {
  Bytes payload;
  ByteWriter out(payload);
  out.put(request);
  out.put(static_cast<std::uint32_t>(pids.size()));
  for (const std::int32_t pid : pids) {
    out.put(pid);
  }
  out.put(static_cast<std::uint32_t>(cpus.size()));
  for (const std::uint32_t cpu : cpus) {
    out.put(cpu);
  }
  return encode_frame(MessageType::kPinRequest, payload);
}

Result<PinRequest> decode_pin_request(ByteView payload) {
  ByteReader in(payload);
  PinRequest message;
  message.request = in.get<std::uint32_t>();
  message.pids.resize(in.count(kMaxPinnedProcesses, sizeof(std::int32_t)));
  for (std::int32_t& pid : message.pids) {
    pid = in.get<std::int32_t>();
  }
  message.cpus.resize(in.count(kMaxReportedCpus, sizeof(std::uint32_t)));
  for (std::uint32_t& cpu : message.cpus) {
    cpu = in.get<std::uint32_t>();
  }
  if (!in.complete()) {
    return malformed("pin request");
  }
  return message;
}

Bytes encode_worker_report(const WorkerReportMessage& message) {
  const WorkerReport& report = message.report;
  Bytes payload;
  ByteWriter out(payload);
  out.put(message.request);
  out.put(report.worker);
  out.put(report.pid);
  out.put(report.completed);
  out.put(report.wait_status);
  out.put(report.work_units);
  out.put(report.iterations);
  out.put(report.migrations);
  out.put(report.cpu_ns);
  out.put(report.wall_ns);
  out.put(report.run_delay_ns);
  out.put(static_cast<std::uint32_t>(message.cpus_used.size()));
  for (const std::uint32_t cpu : message.cpus_used) {
    out.put(cpu);
  }
  out.put(static_cast<std::uint32_t>(message.gaps.size()));
  for (const Gap& gap : message.gaps) {
    out.put(gap.start_ns);
    out.put(gap.length_ns);
    out.put(gap.cpu);
  }
  out.put(report.wakeups);
  out.put(static_cast<std::uint32_t>(message.wake_latencies_ns.size()));
  for (const std::int64_t latency : message.wake_latencies_ns) {
    out.put(latency);
  }
  return encode_frame(MessageType::kWorkerReport, payload);
}

Result<WorkerReportMessage> decode_worker_report(ByteView payload) {
  ByteReader in(payload);
  WorkerReportMessage message;
  WorkerReport& report = message.report;
  message.request = in.get<std::uint32_t>();
  report.worker = in.get<std::uint32_t>();
  report.pid = in.get<std::int32_t>();
  report.completed = in.get<std::uint32_t>();
  report.wait_status = in.get<std::int32_t>();
  report.work_units = in.get<std::uint64_t>();
  report.iterations = in.get<std::uint64_t>();
  report.migrations = in.get<std::uint64_t>();
  report.cpu_ns = in.get<std::int64_t>();
  report.wall_ns = in.get<std::int64_t>();
  report.run_delay_ns = in.get<std::int64_t>();
  message.cpus_used.resize(in.count(kMaxReportedCpus, sizeof(std::uint32_t)));
  for (std::uint32_t& cpu : message.cpus_used) {
    cpu = in.get<std::uint32_t>();
  }
  message.gaps.resize(in.count(kGapsPerWorker, kGapBytes));
  for (Gap& gap : message.gaps) {
    gap.start_ns = in.get<std::int64_t>();
    gap.length_ns = in.get<std::int64_t>();
    gap.cpu = in.get<std::uint32_t>();
  }
  report.wakeups = in.get<std::uint64_t>();
  message.wake_latencies_ns.resize(in.count(kWakeLatenciesPerWorker, sizeof(std::int64_t)));
  for (std::int64_t& latency : message.wake_latencies_ns) {
    latency = in.get<std::int64_t>();
  }
  if (!in.complete() || report.completed > 1) {
    return malformed("worker report");
  }
  return message;
}

} // namespace schedrig::kvm

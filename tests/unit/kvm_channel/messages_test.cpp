// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "channel/file_messages.hpp"
#include "channel/frame.hpp"
#include "channel/guest_request_messages.hpp"
#include "channel/identity_messages.hpp"
#include "channel/messages.hpp"
#include "channel/task_messages.hpp"

namespace schedrig::kvm {
namespace {

ByteView payload_of(const Bytes& frame) {
  return ByteView(frame).subspan(kFrameHeaderBytes);
}

TEST(Messages, hello_round_trips) {
  const Bytes frame = encode_hello({.protocol = 7,
                                    .agent_version = "1.2",
                                    .kernel_release = "6.18",
                                    .kernel_version = "#1 SMP",
                                    .online_cpus = 8,
                                    .monotonic_ns = 123,
                                    .boottime_ns = 456});
  const auto hello = decode_hello(payload_of(frame));
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->protocol, 7U);
  EXPECT_EQ(hello->agent_version, "1.2");
  EXPECT_EQ(hello->kernel_release, "6.18");
  EXPECT_EQ(hello->kernel_version, "#1 SMP");
  EXPECT_EQ(hello->online_cpus, 8U);
  EXPECT_EQ(hello->monotonic_ns, 123);
  EXPECT_EQ(hello->boottime_ns, 456);
}

TEST(Messages, a_log_line_round_trips_and_is_cut_to_its_limit) {
  const Bytes frame = encode_log(LogLevel::kError, std::string(kMaxTextBytes + 100, 'x'));
  const auto line = decode_text_line(payload_of(frame));
  ASSERT_TRUE(line);
  EXPECT_EQ(line->level, LogLevel::kError);
  EXPECT_EQ(line->text.size(), kMaxTextBytes);
}

TEST(Messages, an_outcome_keeps_code_errno_and_message) {
  const Result<> failed = fail_errno(EBUSY, "rmdir /x");
  const Bytes frame = encode_answer(MessageType::kStartReply, 9, to_outcome(failed));
  const auto answer = decode_answer(payload_of(frame));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->request, 9U);
  const auto back = from_outcome(answer->outcome);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, StatusCode::kOs);
  EXPECT_EQ(back.error().os_errno, EBUSY);
  EXPECT_EQ(back.error().message, failed.error().message);
}

TEST(Messages, an_identity_round_trips_and_needs_enough_entropy) {
  Identity identity{.request = 4, .wall_clock_ns = 5, .seed = 6, .entropy = {}};
  identity.entropy.assign(kMinEntropyBytes, std::byte{7});
  const auto read = decode_identity(payload_of(encode_identity(identity)));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->request, 4U);
  EXPECT_EQ(read->wall_clock_ns, 5);
  EXPECT_EQ(read->seed, 6U);
  EXPECT_EQ(read->entropy, identity.entropy);
  for (const std::uint32_t bytes : {0U, kMinEntropyBytes - 1, kMaxEntropyBytes + 1}) {
    identity.entropy.assign(bytes, std::byte{7});
    EXPECT_FALSE(decode_identity(payload_of(encode_identity(identity)))) << bytes;
  }
  identity.entropy.assign(kMaxEntropyBytes, std::byte{7});
  EXPECT_LE(payload_of(encode_identity(identity)).size(),
            max_payload(static_cast<std::uint32_t>(MessageType::kIdentityRequest)).value_or(0));
  identity.wall_clock_ns = -1;
  EXPECT_FALSE(decode_identity(payload_of(encode_identity(identity))));
}

TEST(Messages, clock_stamps_round_trip) {
  const Bytes frame =
      encode_clock_reply({.request = 3, .stamps = {.received_ns = 1, .sent_ns = 2}});
  const auto reply = decode_clock_reply(payload_of(frame));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->request, 3U);
  EXPECT_EQ(reply->stamps.received_ns, 1);
  EXPECT_EQ(reply->stamps.sent_ns, 2);
}

TEST(Messages, a_pin_request_round_trips) {
  const std::int32_t pids[] = {7, 9};
  const std::uint32_t cpus[] = {0, 511};
  const Bytes frame = encode_pin_request(4, pids, cpus);
  const auto request = decode_pin_request(payload_of(frame));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->request, 4U);
  EXPECT_EQ(request->pids, (std::vector<std::int32_t>{7, 9}));
  EXPECT_EQ(request->cpus, (std::vector<std::uint32_t>{0, 511}));
}

TEST(Messages, the_largest_pin_request_fits_its_frame) {
  const std::vector<std::int32_t> pids(kMaxPinnedProcesses, 7);
  const std::vector<std::uint32_t> cpus(kMaxReportedCpus, 1);
  const Bytes frame = encode_pin_request(4, pids, cpus);
  EXPECT_LE(payload_of(frame).size(),
            max_payload(static_cast<std::uint32_t>(MessageType::kPinRequest)));
}

TEST(Messages, a_file_request_round_trips) {
  const FileOp ops[] = {{.kind = FileOpKind::kWrite, .path = "/a/b", .data = "1\n"},
                        {.kind = FileOpKind::kList, .path = "/", .data = {}}};
  const Bytes frame = encode_file_request(5, FileBatchMode::kStopAtFirstError, ops);
  EXPECT_EQ(payload_of(frame).size(),
            kFileRequestHeadBytes + encoded_size(ops[0]) + encoded_size(ops[1]));
  const auto request = decode_file_request(payload_of(frame));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->request, 5U);
  EXPECT_EQ(request->mode, FileBatchMode::kStopAtFirstError);
  ASSERT_EQ(request->ops.size(), 2U);
  EXPECT_EQ(request->ops[0].kind, FileOpKind::kWrite);
  EXPECT_EQ(request->ops[0].path, "/a/b");
  EXPECT_EQ(request->ops[0].data, "1\n");
  EXPECT_EQ(request->ops[1].kind, FileOpKind::kList);
}

TEST(Messages, the_largest_single_file_operation_fits_a_request) {
  const std::string path(kMaxPathBytes, 'p');
  const std::string data(kMaxFileBytes, 'd');
  const FileOp op{.kind = FileOpKind::kWrite, .path = path, .data = data};
  EXPECT_LE(kFileRequestHeadBytes + encoded_size(op), kMaxFileRequestBytes);
}

TEST(Messages, a_file_reply_round_trips) {
  const Bytes frame = encode_file_reply(
      {.request = 1, .index = 2, .os_errno = ENOENT, .at_ns = 99, .data = "text"});
  const auto reply = decode_file_reply(payload_of(frame));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->index, 2U);
  EXPECT_EQ(reply->os_errno, ENOENT);
  EXPECT_EQ(reply->at_ns, 99);
  EXPECT_EQ(reply->data, "text");
}

TEST(Messages, a_spawn_request_round_trips_and_owns_its_cpus) {
  const std::uint32_t cpus[] = {1, 5, 1023};
  const WorkPhase phases[] = {{.kind = PhaseKind::kRun, .duration_ns = 41},
                              {.kind = PhaseKind::kBarrier, .number = 43, .count = 47}};
  WorkSpec spec{.type = WorkType::kBursty,
                .workers = 3,
                .burst_iterations = 7,
                .burst_ns = 11,
                .sleep_ns = 13,
                .nice = -5,
                .policy = SchedClass::kBatch,
                .cpus = cpus,
                .footprint_bytes = 1ULL << 33U,
                .stride_bytes = 17,
                .hold_iterations = 19,
                .fan_out = 23,
                .contenders = 29,
                .operations = 31,
                .touches = 37,
                .precise_timing = 1,
                .phases = phases};
  Bytes frame = encode_spawn_request(4, spec);
  auto request = decode_spawn_request(payload_of(frame));
  frame.assign(frame.size(), std::byte{0xFF}); // what was decoded must not live in here
  ASSERT_TRUE(request);
  const SpawnRequest moved = *std::move(request);
  EXPECT_EQ(moved.request, 4U);
  EXPECT_EQ(moved.spec.type, WorkType::kBursty);
  EXPECT_EQ(moved.spec.workers, 3U);
  EXPECT_EQ(moved.spec.burst_iterations, 7U);
  EXPECT_EQ(moved.spec.burst_ns, 11);
  EXPECT_EQ(moved.spec.sleep_ns, 13);
  EXPECT_EQ(moved.spec.nice, -5);
  EXPECT_EQ(moved.spec.policy, SchedClass::kBatch);
  EXPECT_EQ(std::vector(moved.spec.cpus.begin(), moved.spec.cpus.end()),
            (std::vector<std::uint32_t>{1, 5, 1023}));
  EXPECT_EQ(moved.spec.footprint_bytes, 1ULL << 33U);
  EXPECT_EQ(moved.spec.stride_bytes, 17U);
  EXPECT_EQ(moved.spec.hold_iterations, 19U);
  EXPECT_EQ(moved.spec.fan_out, 23U);
  EXPECT_EQ(moved.spec.contenders, 29U);
  EXPECT_EQ(moved.spec.operations, 31U);
  EXPECT_EQ(moved.spec.touches, 37U);
  EXPECT_EQ(moved.spec.precise_timing, 1U);
  ASSERT_EQ(moved.spec.phases.size(), 2U);
  EXPECT_EQ(moved.spec.phases[0].duration_ns, 41);
  EXPECT_EQ(moved.spec.phases[1].kind, PhaseKind::kBarrier);
  EXPECT_EQ(moved.spec.phases[1].number, 43U);
  EXPECT_EQ(moved.spec.phases[1].count, 47U);
}

TEST(Messages, a_worker_report_of_the_largest_size_round_trips) {
  WorkerReportMessage message;
  message.request = 8;
  message.report.worker = 4095;
  message.report.pid = 77;
  message.report.completed = 1;
  message.report.work_units = UINT64_MAX;
  message.report.run_delay_ns = -1;
  for (std::uint32_t cpu = 0; cpu < kMaxReportedCpus; ++cpu) {
    message.cpus_used.push_back(cpu);
  }
  for (std::uint32_t i = 0; i < kGapsPerWorker; ++i) {
    message.gaps.push_back({.start_ns = i, .length_ns = 100 - i, .cpu = i});
  }
  message.report.wakeups = 9'000'000'000;
  for (std::uint32_t i = 0; i < kWakeLatenciesPerWorker; ++i) {
    message.wake_latencies_ns.push_back(i);
  }
  const Bytes frame = encode_worker_report(message);
  EXPECT_LE(payload_of(frame).size(),
            max_payload(static_cast<std::uint32_t>(MessageType::kWorkerReport)).value_or(0));
  const auto back = decode_worker_report(payload_of(frame));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->report.worker, 4095U);
  EXPECT_EQ(back->report.pid, 77);
  EXPECT_EQ(back->report.work_units, UINT64_MAX);
  EXPECT_EQ(back->report.run_delay_ns, -1);
  EXPECT_EQ(back->cpus_used, message.cpus_used);
  ASSERT_EQ(back->gaps.size(), kGapsPerWorker);
  EXPECT_EQ(back->gaps[7].length_ns, 93);
  EXPECT_EQ(back->report.wakeups, 9'000'000'000U);
  EXPECT_EQ(back->wake_latencies_ns, message.wake_latencies_ns);
}

TEST(Messages, a_spawn_reply_of_the_largest_size_fits_its_frame) {
  SpawnReply reply;
  reply.outcome.message.assign(kMaxTextBytes, 'e');
  reply.pids.assign(kMaxWorkersPerGroup, 32768);
  const Bytes frame = encode_spawn_reply(reply);
  EXPECT_LE(payload_of(frame).size(),
            max_payload(static_cast<std::uint32_t>(MessageType::kSpawnReply)).value_or(0));
  const auto back = decode_spawn_reply(payload_of(frame));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->pids, reply.pids);
}

TEST(Messages, guest_requests_and_replies_of_the_largest_size_round_trip) {
  const std::string body(kMaxGuestRequestBytes, 'b');
  const Bytes asked = encode_guest_request({.number = 3, .kind = 77, .body = body});
  EXPECT_LE(payload_of(asked).size(),
            max_payload(static_cast<std::uint32_t>(MessageType::kGuestRequest)).value_or(0));
  const auto request = decode_guest_request(payload_of(asked));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->number, 3U);
  EXPECT_EQ(request->kind, 77U);
  EXPECT_EQ(request->body, body);
  const Bytes told = encode_guest_reply(
      {.request = 9, .number = 3, .code = StatusCode::kOs, .os_errno = 28, .body = body});
  EXPECT_LE(payload_of(told).size(),
            max_payload(static_cast<std::uint32_t>(MessageType::kGuestReply)).value_or(0));
  const auto reply = decode_guest_reply(payload_of(told));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->request, 9U);
  EXPECT_EQ(reply->number, 3U);
  EXPECT_EQ(reply->code, StatusCode::kOs);
  EXPECT_EQ(reply->os_errno, 28);
  EXPECT_EQ(reply->body, body);
}

TEST(Messages, a_guest_reply_without_a_known_code_is_malformed) {
  Bytes frame = encode_guest_reply({.request = 9, .number = 3, .body = "x"});
  frame[kFrameHeaderBytes + 8] = std::byte{0x7f};
  const auto reply = decode_guest_reply(payload_of(frame));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, StatusCode::kBadData);
}

} // namespace
} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// The agent as a server: hello, damage, requests that make no sense, its end.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent_process.hpp"
#include "channel/file_messages.hpp"
#include "channel/task_messages.hpp"

namespace schedrig::kvm {
namespace {

using ::testing::HasSubstr;

TEST(Agent, says_hello_with_what_it_runs_on) {
  const AgentProcess agent;
  utsname names{};
  ::uname(&names);
  EXPECT_EQ(agent.hello.protocol, kProtocolVersion);
  EXPECT_EQ(agent.hello.kernel_release, names.release);
  EXPECT_EQ(agent.hello.kernel_version, names.version);
  EXPECT_EQ(agent.hello.online_cpus, static_cast<std::uint32_t>(::sysconf(_SC_NPROCESSORS_ONLN)));
  EXPECT_GT(agent.hello.monotonic_ns, 0);
}

TEST(Agent, answers_the_clock_within_the_round_trip) {
  AgentProcess agent;
  ASSERT_TRUE(agent.link.sync_clock(soon()));
  // Both ends are this machine: the offset is zero, within the error.
  const std::int64_t error = agent.link.clock().error_ns(host_now_ns()).value_or(0);
  EXPECT_NEAR(static_cast<double>(agent.link.clock().to_host(1'000'000'000'000)), 1e12,
              static_cast<double>(error));
  EXPECT_LT(error, 1'000'000'000);
}

TEST(Agent, garbage_and_damaged_frames_are_reported_and_the_next_request_is_served) {
  AgentProcess agent;
  std::mt19937 random(7);
  Bytes bytes(1000);
  for (std::byte& byte : bytes) {
    byte = static_cast<std::byte>(random());
  }
  Bytes damaged = encode_bare(MessageType::kShutdownRequest, 1);
  damaged.back() ^= std::byte{1};
  bytes.insert(bytes.end(), damaged.begin(), damaged.end());
  ASSERT_TRUE(agent.channel.send(bytes, soon()));
  ASSERT_TRUE(agent.link.sync_clock(soon()));
  ASSERT_EQ(agent.lines.notices.size(), 2U);
  EXPECT_THAT(agent.lines.notices[0], HasSubstr("garbage, 1000 bytes"));
  EXPECT_THAT(agent.lines.notices[1], HasSubstr("bad CRC"));
}

Result<> exchange_raw(AgentProcess& agent, MessageType type, Bytes payload) {
  const std::uint32_t request = agent.link.new_request();
  for (std::size_t i = 0; i < 4; ++i) {
    payload[i] = static_cast<std::byte>(request >> (8 * i));
  }
  return agent.link.exchange(request, encode_frame(type, payload), "raw request", soon(),
                             [](const Parsed&) -> Result<bool> { return true; });
}

TEST(Agent, malformed_and_unknown_requests_are_refused_by_name) {
  AgentProcess agent;
  for (const MessageType type :
       {MessageType::kFileRequest, MessageType::kSpawnRequest, MessageType::kStartRequest,
        MessageType::kStopRequest, MessageType::kIdentityRequest}) {
    const auto result = exchange_raw(agent, type, Bytes(5, std::byte{0xFF}));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, StatusCode::kBadData);
    EXPECT_THAT(result.error().message, HasSubstr("malformed"));
  }
  const auto hello = exchange_raw(agent, MessageType::kHello, Bytes(4));
  ASSERT_FALSE(hello);
  EXPECT_THAT(hello.error().message, HasSubstr("no request"));
  EXPECT_TRUE(agent.link.sync_clock(soon()));
}

TEST(Agent, random_payloads_of_every_request_leave_it_serving) {
  AgentProcess agent;
  std::mt19937 random(11);
  const MessageType types[] = {MessageType::kFileRequest, MessageType::kSpawnRequest,
                               MessageType::kStartRequest, MessageType::kStopRequest};
  for (int round = 0; round < 400; ++round) {
    const MessageType type = types[random() % std::size(types)];
    Bytes payload(4 + random() % 40);
    for (std::byte& byte : payload) {
      byte = static_cast<std::byte>(random());
    }
    const auto result = exchange_raw(agent, type, payload);
    EXPECT_TRUE(result || result.error().code != StatusCode::kTimeout) << "no answer";
  }
  EXPECT_TRUE(agent.link.sync_clock(soon()));
}

TEST(Agent, one_that_does_not_own_its_machine_leaves_it_as_it_is) {
  AgentProcess agent;
  const auto introduced = agent.link.introduce(1, soon());
  ASSERT_FALSE(introduced);
  EXPECT_EQ(introduced.error().code, StatusCode::kUnsupported);
  EXPECT_TRUE(agent.link.sync_clock(soon()));
}

TEST(Agent, a_shutdown_request_is_answered_and_ends_it) {
  AgentProcess agent;
  const std::uint32_t request = agent.link.new_request();
  const auto on_answer = [](const Parsed& frame) -> Result<bool> {
    return frame.type == MessageType::kShutdownReply;
  };
  ASSERT_TRUE(agent.link.exchange(request, encode_bare(MessageType::kShutdownRequest, request),
                                  "shutdown", soon(), on_answer));
  const int status = agent.wait_for_end();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Agent, a_closed_channel_ends_it_with_an_error) {
  AgentProcess agent;
  agent.channel.close();
  const int status = agent.wait_for_end();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 1);
}

} // namespace
} // namespace schedrig::kvm

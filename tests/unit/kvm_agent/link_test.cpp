// SPDX-License-Identifier: MIT
// The link against an agent that is silent, late, wrong or gone: the test plays the agent.
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "agent_process.hpp"
#include "channel/file_messages.hpp"

namespace schedrig::kvm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Link : public ::testing::Test {
 protected:
  void say(const Bytes& bytes) {
    EXPECT_EQ(::write(sockets_.agent.get(), bytes.data(), bytes.size()),
              static_cast<ssize_t>(bytes.size()));
  }
  static Deadline shortly() {
    return std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  }

  SocketPair sockets_ = make_socket_pair();
  SocketChannel channel_{std::move(sockets_.link)};
  RecordedLines lines_;
  AgentLink link_{channel_, lines_};
  MachineClock clock_;
};

TEST_F(Link, a_silent_agent_is_a_timeout) {
  const auto hello = link_.wait_hello(shortly());
  ASSERT_FALSE(hello);
  EXPECT_EQ(hello.error().code, StatusCode::kTimeout);
  const auto clock = link_.sync_clock(shortly());
  ASSERT_FALSE(clock);
  EXPECT_EQ(clock.error().code, StatusCode::kTimeout);
  EXPECT_THAT(clock.error().message, HasSubstr("clock request"));
  EXPECT_THAT(clock.error().help, HasSubstr("agent_timeout"));
}

TEST_F(Link, an_agent_that_let_a_request_pass_gets_two_seconds_for_the_next) {
  ASSERT_FALSE(link_.sync_clock(shortly()));
  const auto clock = link_.sync_clock(std::chrono::steady_clock::now() + std::chrono::hours(1));
  ASSERT_FALSE(clock);
  EXPECT_EQ(clock.error().code, StatusCode::kTimeout);
}

// It said that something takes too long, but it did say so: the next request has all its time.
TEST_F(Link, an_agent_that_answers_with_a_timeout_has_not_let_the_request_pass) {
  say(encode_answer(MessageType::kRefused, 1, {StatusCode::kTimeout, 0, "it takes too long"}));
  const auto refused = link_.sync_clock(soon());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("it takes too long"));
  std::thread agent([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(2500));
    say(encode_answer(MessageType::kRefused, 2, {StatusCode::kBadData, 0, "because"}));
  });
  const auto answered = link_.sync_clock(soon());
  agent.join();
  ASSERT_FALSE(answered);
  EXPECT_EQ(answered.error().code, StatusCode::kBadData);
}

TEST_F(Link, another_protocol_is_bad_data_with_both_numbers) {
  Hello hello;
  hello.protocol = kProtocolVersion + 1;
  say(encode_hello(hello));
  const auto result = link_.wait_hello(soon());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, StatusCode::kBadData);
  EXPECT_THAT(result.error().message, HasSubstr(std::to_string(kProtocolVersion + 1)));
}

TEST_F(Link, lines_and_damage_before_hello_are_passed_on) {
  say(Bytes(20));
  say(encode_log(LogLevel::kInfo, "a log line"));
  Hello hello;
  hello.protocol = kProtocolVersion;
  say(encode_hello(hello));
  EXPECT_TRUE(link_.wait_hello(soon()));
  EXPECT_THAT(lines_.logs, ElementsAre("a log line"));
  EXPECT_THAT(lines_.notices, ElementsAre(HasSubstr("garbage, 20 bytes")));
}

TEST_F(Link, an_answer_to_an_earlier_request_is_ignored) {
  say(encode_clock_reply({.request = 99, .stamps = {.received_ns = 5, .sent_ns = 5}}));
  const auto result = link_.sync_clock(shortly());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, StatusCode::kTimeout);
  EXPECT_FALSE(link_.clock().error_ns(host_now_ns()));
}

TEST_F(Link, an_agent_that_closes_is_a_failed_guest) {
  sockets_.agent.reset();
  const auto result = link_.wait_hello(soon());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, StatusCode::kGuestFailed);
}

class NoReplies final : public FileReplySink {
 public:
  void on_reply(std::uint32_t /*index*/, const FileReply& /*reply*/) noexcept override { ++count; }
  int count = 0;
};

Status read_two(AgentLink& link, MachineClock& clock, NoReplies& replies) {
  AgentFiles files(link, clock, std::chrono::milliseconds(100));
  const FileOp ops[] = {{.kind = FileOpKind::kRead, .path = "/a", .data = {}},
                        {.kind = FileOpKind::kRead, .path = "/b", .data = {}}};
  return files.run(ops, FileBatchMode::kAll, replies);
}

TEST_F(Link, file_replies_out_of_order_are_bad_data) {
  say(encode_file_reply({.request = 1, .index = 1, .data = {}}));
  NoReplies replies;
  EXPECT_EQ(read_two(link_, clock_, replies).code, StatusCode::kBadData);
  EXPECT_EQ(replies.count, 0);
}

TEST_F(Link, more_file_replies_than_operations_are_bad_data) {
  for (std::uint32_t i = 0; i < 3; ++i) {
    say(encode_file_reply({.request = 1, .index = i, .data = {}}));
  }
  NoReplies replies;
  EXPECT_EQ(read_two(link_, clock_, replies).code, StatusCode::kBadData);
  EXPECT_EQ(replies.count, 2);
}

TEST_F(Link, a_batch_that_is_done_too_early_is_bad_data) {
  say(encode_file_reply({.request = 1, .index = 0, .data = {}}));
  say(encode_file_done({.request = 1, .executed = 1, .stamps = {}}));
  NoReplies replies;
  EXPECT_EQ(read_two(link_, clock_, replies).code, StatusCode::kBadData);
}

TEST_F(Link, a_refusal_carries_the_agents_reason) {
  say(encode_answer(MessageType::kRefused, 1, {StatusCode::kBadData, 0, "because"}));
  NoReplies replies;
  const Status status = read_two(link_, clock_, replies);
  EXPECT_EQ(status.code, StatusCode::kBadData);
  EXPECT_THAT(status.message, HasSubstr("because"));
}

} // namespace
} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// Requests of programs: from schedrig/guest_request.h through the agent to the facet, and back.
#include <array>
#include <cstdlib>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <schedrig/guest_request.h>

#include "agent_process.hpp"

namespace schedrig::kvm {
namespace {

using ::testing::HasSubstr;

constexpr unsigned kClientTimeoutMs = 10'000;
constexpr std::int64_t kLongNs = 10'000'000'000;

struct Reply {
  int status = 0;
  std::string body;
};

class GuestRequests : public ::testing::Test {
 protected:
  void SetUp() override {
    // The only test of this program that sets it; payloads get theirs from the agent.
    ::setenv("SCHEDRIG_REQUESTS", (agent_.stage_root.path() + "/run/schedrig.requests").c_str(), 1);
  }
  void TearDown() override { ::unsetenv("SCHEDRIG_REQUESTS"); }

  // As a program does it, on a thread of its own: its calls wait.
  static Reply ask(int fd, std::uint32_t kind, std::string_view body) {
    if (fd < 0) {
      return {.status = fd, .body = "no connection"};
    }
    std::array<char, kMaxGuestRequestBytes> room{};
    std::size_t got = 0;
    const int status =
        schedrig_request(fd, kind, body.data(), body.size(), room.data(), room.size(), &got);
    return {.status = status, .body = std::string(room.data(), got)};
  }
  static std::future<Reply> ask_later(std::uint32_t kind, const std::string& body) {
    return std::async(std::launch::async, [kind, body] {
      const UniqueFd fd(schedrig_requests_open(kClientTimeoutMs));
      EXPECT_TRUE(fd);
      return ask(fd.get(), kind, body);
    });
  }
  // Waits for a request to come, as the machine does.
  GuestRequest take() {
    GuestRequest request;
    const auto waited = agent_.waits.wait(agent_.clock.now_ns() + kLongNs,
                                          [&] { return requests_.next(&request).ok(); });
    EXPECT_TRUE(waited && *waited == WakeReason::kEvent) << "no request came";
    return request;
  }
  StatusCode reply(std::uint32_t number, StatusCode code, std::string_view body) {
    return requests_.reply(number, {.code = code, .body = body}).code;
  }

  AgentProcess agent_;
  AgentGuestRequests requests_{agent_.link, kTestTimeout};
};

TEST_F(GuestRequests, a_request_comes_to_the_host_and_its_reply_to_the_program) {
  auto asked = ask_later(SCHEDRIG_REQUEST_SNAPSHOT, "tag");
  const GuestRequest request = take();
  EXPECT_EQ(request.kind, static_cast<std::uint32_t>(GuestRequestKind::kSnapshot));
  EXPECT_EQ(request.body, "tag");
  EXPECT_TRUE(requests_.take_news());
  EXPECT_FALSE(requests_.take_news());
  EXPECT_EQ(reply(request.number, StatusCode::kOk, "here"), StatusCode::kOk);
  const Reply got = asked.get();
  EXPECT_EQ(got.status, 0);
  EXPECT_EQ(got.body, "here");
  EXPECT_EQ(reply(request.number, StatusCode::kOk, "twice"), StatusCode::kNotFound);
}

TEST_F(GuestRequests, what_the_host_refuses_is_an_errno_and_a_line) {
  auto asked = ask_later(SCHEDRIG_REQUEST_KERNEL_OP, "");
  EXPECT_EQ(reply(take().number, StatusCode::kUnsupported, "lacks it"), StatusCode::kOk);
  const Reply got = asked.get();
  EXPECT_EQ(got.status, -EOPNOTSUPP);
  EXPECT_EQ(got.body, "lacks it");
}

TEST_F(GuestRequests, several_programs_are_answered_in_any_order) {
  auto one = ask_later(1, "one");
  const std::uint32_t first = take().number;
  auto two = ask_later(1, "two");
  const std::uint32_t second = take().number;
  EXPECT_EQ(reply(second, StatusCode::kOk, "2"), StatusCode::kOk);
  EXPECT_EQ(reply(first, StatusCode::kOk, "1"), StatusCode::kOk);
  EXPECT_EQ(one.get().body, "1");
  EXPECT_EQ(two.get().body, "2");
}

TEST_F(GuestRequests, the_longest_body_goes_both_ways_and_a_longer_one_is_refused) {
  const std::string longest(kMaxGuestRequestBytes, 'x');
  auto asked = ask_later(1, longest);
  const GuestRequest request = take();
  EXPECT_EQ(request.body, longest);
  EXPECT_EQ(reply(request.number, StatusCode::kOk, longest + "x"), StatusCode::kInvalidArgument);
  EXPECT_EQ(reply(request.number, StatusCode::kOk, longest), StatusCode::kOk);
  EXPECT_EQ(asked.get().body, longest);
  EXPECT_EQ(ask_later(1, longest + "x").get().status, -EMSGSIZE);
}

TEST_F(GuestRequests, a_program_that_waits_no_more_takes_its_request_along) {
  std::uint32_t number = 0;
  {
    const UniqueFd fd(schedrig_requests_open(100));
    const Reply none = ask(fd.get(), 1, "too slow a host");
    EXPECT_EQ(none.status, -EAGAIN);
    number = take().number;
  }
  auto asked = ask_later(1, "next"); // the agent has seen the close when this is there
  const GuestRequest request = take();
  EXPECT_EQ(reply(number, StatusCode::kOk, ""), StatusCode::kNotFound);
  EXPECT_EQ(reply(request.number, StatusCode::kOk, ""), StatusCode::kOk);
  EXPECT_EQ(asked.get().status, 0);
}

TEST_F(GuestRequests, what_is_no_request_is_told_so_and_the_connection_goes_on) {
  const UniqueFd fd(schedrig_requests_open(kClientTimeoutMs));
  ASSERT_TRUE(fd);
  for (const std::string_view bad :
       {std::string_view("abc"), std::string_view("\1\0\0\0\1\0\0\0", 8)}) {
    ASSERT_GT(::send(fd.get(), bad.data(), bad.size(), 0), 0);
    std::array<char, 256> room{};
    ASSERT_GE(::recv(fd.get(), room.data(), room.size(), 0), 8);
    schedrig_reply_head head{};
    std::memcpy(&head, room.data(), sizeof head);
    EXPECT_EQ(head.status, -EBADMSG);
  }
  auto asked = std::async(std::launch::async, [&] { return ask(fd.get(), 1, "good"); });
  EXPECT_EQ(reply(take().number, StatusCode::kOk, "yes"), StatusCode::kOk);
  EXPECT_EQ(asked.get().body, "yes");
}

TEST_F(GuestRequests, more_programs_than_the_agent_holds_wait_their_turn) {
  constexpr std::size_t kHeld = 16;
  std::vector<std::future<Reply>> asked;
  asked.reserve(kHeld + 4);
  for (std::size_t i = 0; i < kHeld + 4; ++i) {
    asked.push_back(ask_later(1, std::to_string(i)));
  }
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const GuestRequest request = take();
    EXPECT_EQ(reply(request.number, StatusCode::kOk, std::string(request.body)), StatusCode::kOk);
  }
  for (std::size_t i = 0; i < asked.size(); ++i) {
    EXPECT_EQ(asked[i].get().body, std::to_string(i));
  }
}

TEST_F(GuestRequests, a_payload_is_told_where_to_ask) {
  struct Output final : PayloadReportSink {
    void on_report(const PayloadReport& report) noexcept override { text = report.stdout_text; }
    std::string text;
  } output;
  std::uint32_t payload = 0;
  std::int32_t pid = 0;
  ASSERT_TRUE(
      agent_.payloads.spawn({.name = "env", .binary = "env", .args = {}}, &payload, &pid).ok());
  ASSERT_TRUE(agent_.payloads.start(payload).ok());
  PayloadWake why = PayloadWake::kDeadline;
  ASSERT_TRUE(agent_.payloads.wait(payload, agent_.clock.now_ns() + kLongNs, &why).ok());
  ASSERT_TRUE(agent_.payloads.collect(payload, output).ok());
  EXPECT_THAT(output.text, HasSubstr("SCHEDRIG_REQUESTS=" + agent_.stage_root.path() + "/run/"));
}

TEST(GuestRequestHeader, without_a_socket_nobody_takes_requests) {
  ::unsetenv("SCHEDRIG_REQUESTS");
  EXPECT_EQ(schedrig_requests_open(10), -ENOENT);
}

} // namespace
} // namespace schedrig::kvm

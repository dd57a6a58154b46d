// SPDX-License-Identifier: MIT
// The socket at which programs in the guest ask, with a host that is late.
#include <array>
#include <cstdlib>
#include <future>
#include <string>

#include <gtest/gtest.h>

#include <schedrig/guest_request.h>

#include "agent/clock.hpp"
#include "agent/request_socket.hpp"
#include "agent_process.hpp"

namespace schedrig::agent {
namespace {

constexpr std::int64_t kTimeoutNs = 50'000'000;

// As the agent's server does, until `number` requests have come in all.
void serve_until(RequestSocket& socket, std::uint32_t number, std::uint32_t& last) {
  const auto forward = [&](const kvm::GuestRequestMessage& request) { last = request.number; };
  while (last < number) {
    std::vector<pollfd> waits;
    socket.add_waits(waits);
    ASSERT_GE(::poll(waits.data(), waits.size(), 10'000), 1);
    socket.serve(forward);
  }
}

int ask(int fd, std::string& line) {
  std::array<char, 256> room{};
  std::size_t got = 0;
  const int status =
      schedrig_request(fd, SCHEDRIG_REQUEST_SNAPSHOT, "tag", 3, room.data(), room.size(), &got);
  line.assign(room.data(), got);
  return status;
}

TEST(RequestSocket, tells_a_program_that_the_host_is_late_and_goes_on_with_it) {
  const kvm::StageRoot root;
  auto socket = RequestSocket::open(root.path() + "/requests", kTimeoutNs);
  ASSERT_TRUE(socket) << socket.error().message;
  EXPECT_EQ(socket->timeout_ms(), -1);
  ::setenv("SCHEDRIG_REQUESTS", socket->path().c_str(), 1);
  const kvm::UniqueFd fd(schedrig_requests_open(10'000));
  ::unsetenv("SCHEDRIG_REQUESTS");
  ASSERT_TRUE(fd);

  std::string line;
  auto asked = std::async(std::launch::async, [&] { return ask(fd.get(), line); });
  std::uint32_t last = 0;
  const std::int64_t began_ns = monotonic_ns();
  serve_until(*socket, 1, last);
  EXPECT_GT(socket->timeout_ms(), 0);
  EXPECT_LE(socket->timeout_ms(), 50);
  while (socket->timeout_ms() != -1) {
    ::poll(nullptr, 0, socket->timeout_ms());
    socket->serve([](const kvm::GuestRequestMessage&) { ADD_FAILURE() << "nobody asked"; });
  }
  EXPECT_EQ(asked.get(), -ETIMEDOUT);
  EXPECT_EQ(line, "the host has not answered in 50 ms");
  EXPECT_GE(monotonic_ns() - began_ns, kTimeoutNs);
  EXPECT_EQ(socket->reply({.number = last, .body = "too late"}).error().code,
            StatusCode::kNotFound);

  asked = std::async(std::launch::async, [&] { return ask(fd.get(), line); });
  serve_until(*socket, 2, last);
  ASSERT_TRUE(socket->reply({.number = last, .body = "in time"}));
  EXPECT_EQ(asked.get(), 0);
  EXPECT_EQ(line, "in time");
}

} // namespace
} // namespace schedrig::agent

// SPDX-License-Identifier: MIT
#include "agent_process.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace schedrig::kvm {
namespace {

int milliseconds_until(Deadline deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  return left.count() < 0 ? 0 : static_cast<int>(left.count());
}

} // namespace

SocketPair make_socket_pair() {
  int fds[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  return {.link = UniqueFd(fds[0]), .agent = UniqueFd(fds[1])};
}

Result<> SocketChannel::send(ByteView bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    } else if (sent == 0 || errno != EAGAIN) {
      return fail(StatusCode::kGuestFailed, "nobody is at the channel's other end"); // as VmChannel
    } else {
      pollfd wait{.fd = fd_.get(), .events = POLLOUT, .revents = 0};
      if (::poll(&wait, 1, milliseconds_until(deadline)) == 0) {
        return fail(StatusCode::kTimeout, "send");
      }
    }
  }
  return {};
}

Result<> SocketChannel::receive(Bytes& into, Deadline deadline) {
  pollfd wait{.fd = fd_.get(), .events = POLLIN, .revents = 0};
  if (::poll(&wait, 1, milliseconds_until(deadline)) == 0) {
    return fail(StatusCode::kTimeout, "receive");
  }
  std::byte chunk[65536];
  const ssize_t got = ::recv(fd_.get(), chunk, sizeof chunk, 0);
  if (got <= 0) {
    return fail(StatusCode::kGuestFailed, "the agent has closed the channel");
  }
  into.insert(into.end(), chunk, chunk + got);
  return {};
}

StageRoot::StageRoot() {
  std::string name = (std::filesystem::temp_directory_path() / "schedrig-stage-XXXXXX").string();
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  path_ = name;
}

StageRoot::~StageRoot() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

Result<WakeReason> SocketWaits::wait(std::int64_t deadline_ns,
                                     const std::function<bool()>& enough) {
  Bytes bytes;
  link_.on_unasked(bytes); // what came together with the last answer
  while (!enough()) {
    const std::int64_t left_ns = deadline_ns - clock_.now_ns();
    if (left_ns <= 0) {
      return WakeReason::kDeadline;
    }
    bytes.clear();
    const auto until =
        std::chrono::steady_clock::now() +
        std::min<std::chrono::nanoseconds>(std::chrono::nanoseconds(left_ns), kTestTimeout);
    if (auto received = channel_.receive(bytes, until); received) {
      link_.on_unasked(bytes);
    } else if (received.error().code != StatusCode::kTimeout) {
      return std::unexpected(std::move(received).error());
    }
  }
  return WakeReason::kEvent;
}

AgentProcess::AgentProcess() {
  const std::string number = std::to_string(sockets_.agent.get());
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::fcntl(sockets_.agent.get(), F_SETFD, 0);
    ::execl(TESTED_AGENT, "schedrig-agent", "--fd", number.c_str(), stage_root.path().c_str(),
            nullptr);
    ::_exit(127);
  }
  sockets_.agent.reset();
  auto said = link.wait_hello(soon());
  EXPECT_TRUE(said) << said.error().message;
  if (said) {
    hello = *std::move(said);
  }
  clock.start();
}

AgentProcess::~AgentProcess() {
  channel.close();
  if (pid_ > 0 && wait_for_end() == -1) {
    ADD_FAILURE() << "the agent did not end when its channel closed";
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

int AgentProcess::wait_for_end() {
  const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  pollfd wait{.fd = process.get(), .events = POLLIN, .revents = 0};
  if (!process || ::poll(&wait, 1, milliseconds_until(soon())) != 1) {
    return -1;
  }
  int status = -1;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return status;
}

} // namespace schedrig::kvm

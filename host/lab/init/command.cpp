// SPDX-License-Identifier: MIT
// Implementation of the relay: one poll loop over the port, two pipes and SIGCHLD.
#include "host/lab/init/command.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/lab/init/first_cpu.hpp"
#include "host/lab/init/machine.hpp"
#include "host/process/exec_pointers.hpp"

namespace schedrig::lab {
namespace {

constexpr std::size_t kChunk = 32U << 10U;

void write_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t n = ::write(fd, data, size);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      log_line("the port to the outside is gone");
      power_off();
    }
    data += n;
    size -= static_cast<std::size_t>(n);
  }
}

struct Command {
  pid_t pid = -1;
  int out = -1;
  int err = -1;
  std::uint32_t exec_errno = 0;
};

[[noreturn]] void exec_command(InitRequest request, int out, int err, int status) {
  ::setpgid(0, 0);
  ::dup2(::open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  int failed = leave_first_cpu();
  if (failed != 0) {
    log_line("cannot keep the command off the first CPU");
  } else if (!request.working_dir.empty() && ::chdir(request.working_dir.c_str()) != 0) {
    failed = errno;
  } else {
    for (std::string& variable : request.environment) {
      ::putenv(variable.data());
    }
    ::execvp(request.arguments[0].c_str(), exec_pointers(request.arguments).data());
    failed = errno;
  }
  [[maybe_unused]] const ssize_t n = ::write(status, &failed, sizeof failed);
  ::_exit(127);
}

Command start(const InitRequest& request) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  std::array<int, 2> status{};
  Command command;
  if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0 ||
      ::pipe2(status.data(), O_CLOEXEC) != 0) {
    command.exec_errno = static_cast<std::uint32_t>(errno);
    return command;
  }
  command.pid = ::fork();
  if (command.pid == 0) {
    exec_command(request, out[1], err[1], status[1]);
  }
  ::close(out[1]);
  ::close(err[1]);
  ::close(status[1]);
  int failed = command.pid < 0 ? errno : 0;
  if (command.pid > 0 && ::read(status[0], &failed, sizeof failed) < 0) {
    failed = errno;
  }
  ::close(status[0]);
  command.exec_errno = static_cast<std::uint32_t>(failed);
  command.out = out[0];
  command.err = err[0];
  return command;
}

// Relays what is there. False at the end of the stream.
bool relay(int port, int fd, FrameType type) {
  std::array<char, kChunk> buffer{};
  const ssize_t n = ::read(fd, buffer.data(), buffer.size());
  if (n > 0) {
    send_frame(port, type, buffer.data(), static_cast<std::uint32_t>(n));
  }
  return n > 0 || (n < 0 && errno == EINTR);
}

// PID 1 reaps everything. Returns true once the command itself is among the dead.
bool reap(pid_t wanted, Exit& exit) {
  bool found = false;
  int status = 0;
  for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0;
       pid = ::waitpid(-1, &status, WNOHANG)) {
    if (pid == wanted) {
      found = true;
      exit.code = static_cast<std::uint32_t>(WIFEXITED(status) ? WEXITSTATUS(status)
                                                               : 128 + WTERMSIG(status));
    }
  }
  return found;
}

} // namespace

void send_frame(int port, FrameType type, const void* payload, std::uint32_t length) {
  const FrameHeader header{type, length};
  std::array<char, sizeof header + kMaxPayload> buffer{};
  std::memcpy(buffer.data(), &header, sizeof header);
  if (length > 0) {
    std::memcpy(buffer.data() + sizeof header, payload, length);
  }
  write_all(port, buffer.data(), sizeof header + length);
}

Exit run_command(int port, const InitRequest& request) {
  sigset_t child;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child, nullptr);
  const int signals = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  const Command command = start(request);
  Exit exit;
  if (command.exec_errno != 0) {
    exit.code = 127;
    exit.exec_errno = command.exec_errno;
    return exit;
  }
  FrameParser parser;
  std::array<pollfd, 4> polled{{{port, POLLIN, 0},
                                {command.out, POLLIN, 0},
                                {command.err, POLLIN, 0},
                                {signals, POLLIN, 0}}};
  bool ended = false;
  while (!ended || polled[1].fd >= 0 || polled[2].fd >= 0) {
    ::poll(polled.data(), polled.size(), -1);
    if (polled[1].revents != 0 && !relay(port, command.out, FrameType::kStdout)) {
      polled[1].fd = -1;
    }
    if (polled[2].revents != 0 && !relay(port, command.err, FrameType::kStderr)) {
      polled[2].fd = -1;
    }
    if (polled[3].revents != 0) {
      signalfd_siginfo info{};
      while (::read(signals, &info, sizeof info) > 0) {
      }
      if (reap(command.pid, exit)) {
        ended = true;
        ::kill(-1, SIGKILL); // what it left would hold the pipes open; spares PID 1
      }
    }
    if (polled[0].revents != 0) {
      std::array<char, 256> buffer{};
      const ssize_t n = ::read(port, buffer.data(), buffer.size());
      if (n <= 0) {
        power_off(); // the outside hung up
      }
      parser.feed({buffer.data(), static_cast<std::size_t>(n)});
      Frame frame;
      while (parser.next(frame) == FrameParser::Outcome::kFrame) {
        if (frame.type == FrameType::kCancel && !ended) {
          ::kill(-command.pid, SIGINT);
        }
      }
    }
  }
  return exit;
}

} // namespace schedrig::lab

// SPDX-License-Identifier: MIT
#include "tests/support/run_command.hpp"

#include <array>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace schedrig::test {
namespace {

void read_some(int& fd, std::string& to) {
  std::array<char, 4096> buffer{};
  const ssize_t n = read(fd, buffer.data(), buffer.size());
  if (n > 0) {
    to.append(buffer.data(), static_cast<std::size_t>(n));
  } else {
    close(fd);
    fd = -1;
  }
}

} // namespace

Command::Command(std::vector<std::string> argv) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(err.data(), O_CLOEXEC) != 0) {
    std::abort();
  }
  std::vector<char*> args;
  for (std::string& argument : argv) {
    args.push_back(argument.data());
  }
  args.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    execv(args[0], args.data());
    _exit(127);
  }
  close(out[1]);
  close(err[1]);
  out_ = out[0];
  err_ = err[0];
}

Command::~Command() {
  if (!reaped_) {
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(out_);
  close(err_);
}

bool Command::pump() {
  std::array<pollfd, 2> fds = {
      {{.fd = out_, .events = POLLIN, .revents = 0}, {.fd = err_, .events = POLLIN, .revents = 0}}};
  if (out_ < 0 && err_ < 0) {
    return false;
  }
  poll(fds.data(), fds.size(), -1);
  if (fds[0].revents != 0) {
    read_some(out_, result_.out);
  }
  if (fds[1].revents != 0) {
    read_some(err_, result_.err);
  }
  return true;
}

bool Command::wait_for_stdout(const std::string& text) {
  return wait_for(result_.out, text);
}

bool Command::wait_for_stderr(const std::string& text) {
  return wait_for(result_.err, text);
}

bool Command::wait_for(const std::string& stream, const std::string& text) {
  while (stream.find(text) == std::string::npos) {
    if (!pump()) {
      return false;
    }
  }
  return true;
}

void Command::kill(int signal) const {
  ::kill(pid_, signal);
}

CommandResult Command::finish() {
  while (pump()) {
  }
  int status = 0;
  waitpid(pid_, &status, 0);
  reaped_ = true;
  result_.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return result_;
}

CommandResult run_command(std::vector<std::string> argv) {
  return Command(std::move(argv)).finish();
}

} // namespace schedrig::test

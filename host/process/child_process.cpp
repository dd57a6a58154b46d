// SPDX-License-Identifier: MIT
// Implementation of run_child: fork, exec, poll on the pipes and a pidfd, kill at the deadline.
#include "host/process/child_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/process/exec_pointers.hpp"
#include "host/process/unique_fd.hpp"

namespace schedrig {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) {
    return fail_errno(errno, "cannot make a pipe");
  }
  return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// Runs in the child between fork and exec: async-signal-safe calls only.
[[noreturn]] void exec_child(char* const* argv, char* const* envp, const char* working_dir,
                             pid_t parent, int out, int err, int status_fd) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) {
    ::_exit(127); // the parent died before the request above
  }
  const int null_fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(null_fd, 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  int failed = 0;
  if (working_dir[0] != '\0' && ::chdir(working_dir) != 0) {
    failed = errno;
  } else {
    ::execvpe(argv[0], argv, envp);
    failed = errno;
  }
  [[maybe_unused]] const auto n = ::write(status_fd, &failed, sizeof failed);
  ::_exit(127);
}

// Reads what is there. Returns false at end of file or on an error.
bool drain(int fd, std::string& to, std::size_t max_bytes) {
  std::array<char, 16384> buffer{};
  const ssize_t n = ::read(fd, buffer.data(), buffer.size());
  if (n < 0) {
    return errno == EINTR || errno == EAGAIN;
  }
  const std::size_t room = max_bytes - std::min(max_bytes, to.size());
  to.append(buffer.data(), std::min(static_cast<std::size_t>(n), room));
  return n > 0;
}

int reap(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Collects both streams until the child ended. False when the deadline passed.
bool collect(int pid_fd, int out, int err, const ChildRequest& request, ChildOutcome& outcome) {
  const auto end = Clock::now() + request.deadline;
  bool exited = false;
  std::array<pollfd, 3> polled{{{out, POLLIN, 0}, {err, POLLIN, 0}, {pid_fd, POLLIN, 0}}};
  while (!exited || polled[0].fd >= 0 || polled[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) {
      return false;
    }
    // Once the child is gone only what is already in the pipes counts: a grandchild that still
    // holds them must not keep us.
    const int wait_ms = exited ? 0 : static_cast<int>(std::min<long long>(left.count(), 60000));
    const int ready = ::poll(polled.data(), polled.size(), wait_ms);
    if (ready == 0 && exited) {
      break;
    }
    if (ready <= 0) {
      continue;
    }
    if (polled[0].revents != 0 && !drain(out, outcome.out, request.max_output)) {
      polled[0].fd = -1;
    }
    if (polled[1].revents != 0 && !drain(err, outcome.err, request.max_output)) {
      polled[1].fd = -1;
    }
    if (polled[2].revents != 0) {
      exited = true;
      polled[2].fd = -1;
    }
  }
  return true;
}

} // namespace

std::vector<std::string>
child_environment(const std::vector<std::pair<std::string, std::string>>& extra) {
  auto all = extra;
  all.emplace_back("LC_ALL", "C");
  std::vector<std::string> result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view line(*entry);
    const std::string_view name = line.substr(0, line.find('='));
    if (std::ranges::none_of(all, [&](const auto& pair) { return pair.first == name; })) {
      result.emplace_back(line);
    }
  }
  for (const auto& [name, value] : all) {
    result.emplace_back(name).append("=").append(value);
  }
  return result;
}

Result<ChildOutcome> run_child(const ChildRequest& request) {
  if (request.argv.empty()) {
    return fail(StatusCode::kInvalidArgument, "no program to run");
  }
  Pipe out = TRY(make_pipe());
  Pipe err = TRY(make_pipe());
  Pipe exec_status = TRY(make_pipe());
  auto args = request.argv;
  auto env = child_environment(request.env);
  const auto argv = exec_pointers(args);
  const auto envp = exec_pointers(env);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    return fail_errno(errno, "cannot start " + request.argv[0]);
  }
  if (pid == 0) {
    exec_child(argv.data(), envp.data(), request.working_dir.c_str(), parent, out.write_end.get(),
               err.write_end.get(), exec_status.write_end.get());
  }
  ::setpgid(pid, pid); // both sides set it, so that the group exists whoever is first
  out.write_end.reset();
  err.write_end.reset();
  exec_status.write_end.reset();
  int failed = 0;
  ssize_t n = 0;
  do {
    n = ::read(exec_status.read_end.get(), &failed, sizeof failed);
  } while (n < 0 && errno == EINTR);
  if (n == static_cast<ssize_t>(sizeof failed)) {
    reap(pid);
    if (failed == ENOENT) {
      return fail(StatusCode::kNotFound, "cannot run " + request.argv[0] + ": no such program");
    }
    return fail_errno(failed, "cannot run " + request.argv[0]);
  }
  const UniqueFd pid_fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pid_fd.valid()) {
    const int reason = errno;
    ::kill(-pid, SIGKILL);
    reap(pid);
    return fail_errno(reason, "cannot watch " + request.argv[0]);
  }
  ChildOutcome outcome;
  if (!collect(pid_fd.get(), out.read_end.get(), err.read_end.get(), request, outcome)) {
    ::kill(-pid, SIGKILL);
    reap(pid);
    return fail(StatusCode::kTimeout,
                request.argv[0] + " did not finish within " +
                    std::to_string(request.deadline.count()) + " ms" +
                    (outcome.err.empty() ? "" : ": " + last_lines(outcome.err, 3)));
  }
  outcome.exit_code = reap(pid);
  return outcome;
}

Result<ChildOutcome> run_child_ok(const ChildRequest& request) {
  ChildOutcome outcome = TRY(run_child(request));
  if (outcome.exit_code != 0) {
    const std::string& said = outcome.err.empty() ? outcome.out : outcome.err;
    return fail(StatusCode::kOs, request.argv[0] + " ended with exit code " +
                                     std::to_string(outcome.exit_code) + ": " +
                                     last_lines(said, 4));
  }
  return outcome;
}

std::string last_lines(const std::string& text, std::size_t max_lines) {
  std::vector<std::string_view> lines;
  std::string_view rest(text);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) {
      lines.push_back(line);
    }
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  std::string result;
  for (std::size_t i = lines.size() - std::min(lines.size(), max_lines); i < lines.size(); ++i) {
    result += (result.empty() ? "" : "; ") + std::string(lines[i]);
  }
  return result;
}

} // namespace schedrig

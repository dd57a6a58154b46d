// SPDX-License-Identifier: MIT
#include "agent/payload.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/clock.hpp"

namespace schedrig::agent {
namespace {

using kvm::UniqueFd;

// As a shell's for a command that cannot be executed.
constexpr int kCannotExecute = 127;

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Result<Pipe> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) {
    return fail_errno(errno, "pipe2 for a payload");
  }
  return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// Everything that execve(2) needs, made before the fork: after it only system calls are safe.
struct Execution {
  std::string path;
  std::vector<std::string> strings;
  std::vector<char*> argv;
  std::vector<char*> env;
};

void prepare(const kvm::PayloadSpawnRequest& request, const std::vector<std::string>& environment,
             Execution& out) {
  out.path = request.path;
  for (const std::string_view arg : request.argv) {
    out.strings.emplace_back(arg);
  }
  const std::size_t args = out.strings.size();
  out.strings.insert(out.strings.end(), {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/"});
  if (!request.library_path.empty()) {
    out.strings.push_back("LD_LIBRARY_PATH=" + std::string(request.library_path));
  }
  out.strings.insert(out.strings.end(), environment.begin(), environment.end());
  for (std::size_t i = 0; i < out.strings.size(); ++i) {
    (i < args ? out.argv : out.env).push_back(out.strings[i].data());
  }
  out.argv.push_back(nullptr);
  out.env.push_back(nullptr);
}

void complain(const char* path, const char* why) noexcept {
  const std::array<const char*, 4> words = {"cannot execute ", path, ": ", why};
  for (const char* word : words) {
    [[maybe_unused]] const ssize_t wrote = ::write(STDERR_FILENO, word, std::strlen(word));
  }
  [[maybe_unused]] const ssize_t wrote = ::write(STDERR_FILENO, "\n", 1);
}

void reset_signals() noexcept {
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) {
    ::sigaction(signal, &action, nullptr); // fails for those that cannot be changed
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void child(const Execution& execution, int gate, int out, int err,
                        pid_t agent) noexcept {
  ::setpgid(0, 0);
  // Outside a guest the agent is not PID 1, and its death ends nobody else.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int in = ::open("/dev/null", O_RDONLY | O_CLOEXEC); // its duplicate stays open
  if (::getppid() != agent || in < 0 || ::dup2(in, STDIN_FILENO) < 0 ||
      ::dup2(out, STDOUT_FILENO) < 0 || ::dup2(err, STDERR_FILENO) < 0 || ::chdir("/") != 0) {
    ::_exit(kCannotExecute);
  }
  reset_signals();
  ::umask(022);
  char go = 0;
  ssize_t got = 0;
  do {
    got = ::read(gate, &go, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1) {
    ::_exit(kCannotExecute); // never started
  }
  ::execve(execution.path.c_str(), execution.argv.data(), execution.env.data());
  complain(execution.path.c_str(), ::strerrordesc_np(errno));
  ::_exit(kCannotExecute);
}

} // namespace

Result<std::unique_ptr<Payload>> Payload::spawn(const kvm::PayloadSpawnRequest& request,
                                                const std::vector<std::string>& environment) {
  Execution execution;
  prepare(request, environment, execution);
  Pipe gate = TRY(make_pipe());
  Pipe out = TRY(make_pipe());
  Pipe err = TRY(make_pipe());
  for (const int fd : {out.read_end.get(), err.read_end.get()}) {
    if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
      return fail_errno(errno, "fcntl on a payload's pipe");
    }
  }
  std::unique_ptr<Payload> payload(new Payload);
  const pid_t agent = ::getpid();
  payload->pid_ = ::fork();
  if (payload->pid_ < 0) {
    return fail_errno(errno, "fork of payload " + execution.path);
  }
  if (payload->pid_ == 0) {
    gate.write_end.reset(); // else its end would never be seen
    child(execution, gate.read_end.get(), out.write_end.get(), err.write_end.get(), agent);
  }
  payload->gate_ = std::move(gate.write_end);
  payload->out_.open(std::move(out.read_end));
  payload->err_.open(std::move(err.read_end));
  return payload;
}

Payload::~Payload() {
  kill();
}

Result<> Payload::start() {
  if (started_ns_ != 0) {
    return fail(StatusCode::kInvalidArgument, "the payload was started before");
  }
  started_ns_ = monotonic_ns();
  // A process that is gone has ended, and says so by its report: no error of the start. EPIPE
  // without a signal: SIGPIPE is ignored by the agent.
  [[maybe_unused]] const ssize_t wrote = ::write(gate_.get(), "", 1);
  gate_.reset();
  return {};
}

void Payload::terminate() noexcept {
  if (pid_ > 0 && !ended_) {
    ::kill(-pid_, SIGTERM);
  }
}

void Payload::kill() noexcept {
  // A number that is nobody's any more may be another group's by now.
  if (pid_ > 0 && (!ended_ || group_is_left_)) {
    ::kill(-pid_, SIGKILL);
    group_is_left_ = false;
  }
  if (pid_ > 0 && !ended_) {
    ::kill(pid_, SIGKILL); // may not lead its process group yet
  }
}

void Payload::on_exit(int wait_status, const rusage& usage) noexcept {
  ended_ = true;
  wait_status_ = wait_status;
  ended_ns_ = monotonic_ns();
  group_is_left_ = ::kill(-pid_, 0) == 0;
  for (const timeval& part : {usage.ru_utime, usage.ru_stime}) {
    cpu_ns_ += part.tv_sec * 1'000'000'000 + part.tv_usec * 1'000;
  }
  out_.read();
  err_.read();
}

PayloadReport Payload::report() const noexcept {
  PayloadReport report;
  report.pid = pid_;
  report.wait_status = wait_status_;
  report.stdout_truncated = out_.truncated() ? 1 : 0;
  report.stderr_truncated = err_.truncated() ? 1 : 0;
  report.started_ns = started_ns_;
  report.ended_ns = ended_ns_;
  report.cpu_ns = cpu_ns_;
  report.stdout_text = out_.text();
  report.stderr_text = err_.text();
  return report;
}

} // namespace schedrig::agent

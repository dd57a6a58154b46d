// SPDX-License-Identifier: MIT
// Implementation of the lab's event loop.
#include "host/lab/session.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/lab/kernel_death.hpp"
#include "host/process/child_process.hpp"

namespace schedrig::lab {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr std::size_t kKeptText = 64U << 10U; // of console and complaints, for error messages
constexpr std::size_t kQuotedLines = 8;
// After SIGINT a rig stops its guests and writes reports; under emulation that takes seconds.
constexpr std::chrono::seconds kCancelGrace{20};

void keep_last(std::string& text, std::string_view more) {
  text += more;
  if (text.size() > 2 * kKeptText) {
    text.erase(0, text.size() - kKeptText);
  }
}

void write_to(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) {
      return; // nobody reads any more; the exit code still counts
    }
    bytes.remove_prefix(n > 0 ? static_cast<std::size_t>(n) : 0);
  }
}

void deliver(const std::function<void(std::string_view)>& sink, int fd, std::string_view bytes) {
  if (sink) {
    sink(bytes);
  } else {
    write_to(fd, bytes);
  }
}

std::string seconds_text(milliseconds time) {
  return std::to_string(time.count() / 1000) + " s";
}

} // namespace

Result<> Session::run(LabReport& report) {
  while (state_ != State::kDone) {
    TRY(wait_once(report));
  }
  report.missing = outputs_.missing();
  return {};
}

Session::Clock::time_point Session::deadline() const {
  const auto planned =
      state_ == State::kBooting ? started_ + request_.boot_deadline : up_ + request_.run_deadline;
  return cancelled_ ? std::min(planned, cancelled_at_ + kCancelGrace) : planned;
}

Result<> Session::wait_once(LabReport& report) {
  std::array<pollfd, 5> polled{{{channel_open_ ? qemu_.channel() : -1, POLLIN, 0},
                                {qemu_.console(), POLLIN, 0},
                                {qemu_.complaints(), POLLIN, 0},
                                {qemu_.pid_fd(), POLLIN, 0},
                                {cancelled_ ? -1 : request_.cancel_fd, POLLIN, 0}}};
  const auto left = duration_cast<milliseconds>(deadline() - Clock::now());
  if (left.count() <= 0) {
    return late();
  }
  const int timeout = static_cast<int>(std::min<long long>(left.count() + 1, 60000));
  if (::poll(polled.data(), polled.size(), timeout) <= 0) {
    return {};
  }
  if (polled[1].revents != 0) {
    read_console();
  }
  if (polled[2].revents != 0) {
    read_complaints();
  }
  if (polled[0].revents != 0) {
    TRY(read_channel(report));
  }
  // Only after everything it said was read: the last frame may still have been in the socket.
  if (state_ != State::kDone && polled[3].revents != 0 && polled[0].revents == 0) {
    return lost();
  }
  if (polled[4].revents != 0) {
    TRY(cancel());
  }
  return {};
}

Result<> Session::read_channel(LabReport& report) {
  std::array<char, 32768> buffer{};
  const ssize_t n = ::read(qemu_.channel(), buffer.data(), buffer.size());
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
    return {};
  }
  if (n <= 0) {
    channel_open_ = false;
    return {};
  }
  parser_.feed({buffer.data(), static_cast<std::size_t>(n)});
  while (state_ != State::kDone) {
    Frame frame;
    const auto outcome = parser_.next(frame);
    if (outcome == FrameParser::Outcome::kNeedMore) {
      break;
    }
    if (outcome == FrameParser::Outcome::kBad) {
      return fail(StatusCode::kBadData, "the lab's channel carries no frames" + evidence());
    }
    TRY(on_frame(frame, report));
  }
  return {};
}

Result<> Session::on_frame(const Frame& frame, LabReport& report) {
  Hello hello;
  FileEnd end;
  Exit exit;
  const auto malformed = [&] {
    return fail(StatusCode::kBadData, "the lab sent a malformed frame of type " +
                                          std::to_string(static_cast<std::uint32_t>(frame.type)));
  };
  switch (frame.type) {
  case FrameType::kHello:
    if (!frame.get(hello) || hello.version != kProtocolVersion || state_ != State::kBooting) {
      return malformed();
    }
    up_ = Clock::now();
    waited_before_ = qemu_.cpu_wait();
    report.boot = duration_cast<milliseconds>(up_ - started_);
    state_ = State::kRunning;
    if (hello.kvm_errno != 0) {
      return fail(StatusCode::kUnsupported, "no /dev/kvm in the emulated host, kernel " +
                                                request_.host_kernel.facts.version + ": errno " +
                                                std::to_string(hello.kvm_errno) + evidence());
    }
    return {};
  case FrameType::kStdout:
    deliver(request_.on_stdout, STDOUT_FILENO, frame.payload);
    return {};
  case FrameType::kStderr:
    deliver(request_.on_stderr, STDERR_FILENO, frame.payload);
    return {};
  case FrameType::kFileData:
    return outputs_.on_data(frame.payload);
  case FrameType::kFileName:
    return outputs_.on_name(frame.payload);
  case FrameType::kFileEnd:
    return frame.get(end) ? outputs_.on_end(end) : Result<>(malformed());
  case FrameType::kExit:
    if (!frame.get(exit)) {
      return malformed();
    }
    state_ = State::kDone;
    report.run = duration_cast<milliseconds>(Clock::now() - up_);
    report.waited = duration_cast<milliseconds>(qemu_.cpu_wait() - waited_before_);
    report.exit_code = static_cast<int>(exit.code & 0xffU);
    if (exit.exec_errno != 0) {
      return fail_errno(static_cast<int>(exit.exec_errno),
                        "cannot run " + request_.command[0] + " in the lab");
    }
    return {};
  case FrameType::kCancel:
    break;
  }
  return malformed();
}

void Session::read_console() {
  std::array<char, 8192> buffer{};
  const ssize_t n = ::read(qemu_.console(), buffer.data(), buffer.size());
  if (n > 0) {
    const std::string_view text(buffer.data(), static_cast<std::size_t>(n));
    keep_last(console_, text);
    if (request_.on_console) {
      request_.on_console(text);
    }
  }
}

void Session::read_complaints() {
  std::array<char, 8192> buffer{};
  const ssize_t n = ::read(qemu_.complaints(), buffer.data(), buffer.size());
  if (n > 0) {
    keep_last(complaints_, {buffer.data(), static_cast<std::size_t>(n)});
  }
}

Result<> Session::cancel() {
  if (state_ == State::kBooting) {
    return fail(StatusCode::kInterrupted, "the lab was interrupted before its command ran");
  }
  cancelled_ = true;
  cancelled_at_ = Clock::now();
  const FrameHeader header{FrameType::kCancel, 0};
  // Eight bytes into an empty socket; if they do not fit, the grace period ends the run.
  [[maybe_unused]] const ssize_t n =
      ::send(qemu_.channel(), &header, sizeof header, MSG_NOSIGNAL | MSG_DONTWAIT);
  return {};
}

std::string Session::evidence() const {
  std::string text;
  if (!complaints_.empty()) {
    text += "; qemu said: " + last_lines(complaints_, kQuotedLines);
  }
  if (const std::string line = panic_line(console_); !line.empty()) {
    text += "; it said: " + line;
  }
  if (const std::string lines = death_lines(console_); !lines.empty()) {
    return text + "; its console:\n" + lines;
  }
  text += console_.empty() ? "; its console is empty"
                           : "; its console ends with: " + last_lines(console_, kQuotedLines);
  return text;
}

std::string Session::panic_at_boot() const {
  return state_ == State::kBooting ? panic_line(console_) : std::string();
}

std::unexpected<Error> Session::lost() const {
  const std::string what = state_ == State::kBooting
                               ? "the emulated host ended before it was up"
                               : "the emulated host was lost while the command ran";
  return fail(StatusCode::kGuestFailed, what + evidence(),
              "run again with -v to see its whole console");
}

std::unexpected<Error> Session::late() const {
  if (cancelled_) {
    return fail(StatusCode::kInterrupted, "the lab was interrupted and its command did not end "
                                          "within " +
                                              seconds_text(kCancelGrace));
  }
  if (state_ == State::kBooting) {
    const auto took = duration_cast<milliseconds>(Clock::now() - started_);
    return fail(StatusCode::kTimeout,
                "the emulated host was not up within " + seconds_text(took) + evidence());
  }
  return fail(StatusCode::kTimeout, request_.command[0] + " did not end within " +
                                        seconds_text(request_.run_deadline) + " in the lab" +
                                        evidence());
}

} // namespace schedrig::lab

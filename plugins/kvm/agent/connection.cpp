// SPDX-License-Identifier: MIT
// Reading and writing the control channel's descriptor.
#include "agent/connection.hpp"

#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace schedrig::agent {
namespace {

// The host reads all the time; half a minute without any room means that it hangs, and a machine
// that nobody listens to should end.
constexpr int kSendTimeoutMs = 30'000;

// virtio_console takes at most 32 KiB at a time and gives at most a page.
constexpr std::size_t kReadBytes = std::size_t{32} * 1024;

} // namespace

Result<Connection> Connection::open(kvm::UniqueFd fd) {
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC) != 0) {
    return fail_errno(errno, "fcntl on the control channel");
  }
  return Connection(std::move(fd));
}

Result<> Connection::send(kvm::ByteView frame) {
  while (!frame.empty()) {
    const ssize_t wrote = ::write(fd_.get(), frame.data(), frame.size());
    if (wrote > 0) {
      frame = frame.subspan(static_cast<std::size_t>(wrote));
      continue;
    }
    if (wrote < 0 && errno == EINTR) {
      continue;
    }
    if (wrote < 0 && errno != EAGAIN) {
      return fail_errno(errno, "write to the control channel");
    }
    pollfd wait{.fd = fd_.get(), .events = POLLOUT, .revents = 0};
    const int ready = ::poll(&wait, 1, kSendTimeoutMs);
    if (ready == 0) {
      return fail(StatusCode::kTimeout, "the host took no byte of the control channel for " +
                                            std::to_string(kSendTimeoutMs / 1000) + " s");
    }
    if (ready > 0 && (wait.revents & (POLLHUP | POLLERR)) != 0) {
      return fail(StatusCode::kGuestFailed, "the host has closed the control channel");
    }
  }
  return {};
}

Result<bool> Connection::receive() {
  std::byte chunk[kReadBytes];
  const ssize_t got = ::read(fd_.get(), chunk, sizeof chunk);
  if (got > 0) {
    parser_.push(kvm::ByteView(chunk, static_cast<std::size_t>(got)));
    return true;
  }
  if (got == 0) {
    return false;
  }
  if (errno == EAGAIN || errno == EINTR) {
    return true;
  }
  return fail_errno(errno, "read from the control channel");
}

} // namespace schedrig::agent

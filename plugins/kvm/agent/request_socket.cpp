// SPDX-License-Identifier: MIT
#include "agent/request_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <schedrig/guest_request.h>
#include <schedrig/request_errno.hpp>

#include "agent/clock.hpp"

namespace schedrig::agent {
namespace {

static_assert(SCHEDRIG_REQUEST_MAX_BYTES == kMaxGuestRequestBytes);

// False: the program does not take it, which ends the connection.
bool send_reply(int fd, int error, std::string_view body) {
  schedrig_reply_head head{.status = -error, .reserved = 0};
  iovec parts[2] = {{.iov_base = &head, .iov_len = sizeof head},
                    {.iov_base = const_cast<char*>(body.data()), .iov_len = body.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  return ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

} // namespace

Result<RequestSocket> RequestSocket::open(std::string path, std::int64_t timeout_ns) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return fail(StatusCode::kInvalidArgument, "the request socket's path is too long: " + path);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const std::string directory = path.substr(0, path.rfind('/'));
  if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST) {
    return fail_errno(errno, "mkdir " + directory);
  }
  kvm::UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), static_cast<int>(kMaxRequesters)) != 0) {
    return fail_errno(errno, "listen at " + path);
  }
  return RequestSocket(std::move(path), std::move(fd), timeout_ns);
}

void RequestSocket::add_waits(std::vector<pollfd>& waits) const {
  if (requesters_.size() < kMaxRequesters) {
    waits.push_back({.fd = listener_.get(), .events = POLLIN, .revents = 0});
  }
  for (const Requester& requester : requesters_) {
    // One that waits for a reply is not read from; that it is gone is seen all the same (POLLHUP).
    const bool is_read = requester.waits_for == 0;
    waits.push_back({.fd = requester.fd.get(),
                     .events = static_cast<short>(is_read ? POLLIN : 0),
                     .revents = 0});
  }
}

int RequestSocket::timeout_ms() const {
  std::int64_t left_ns = INT64_MAX;
  for (const Requester& requester : requesters_) {
    if (requester.waits_for != 0) {
      left_ns = std::min(left_ns, std::max<std::int64_t>(requester.until_ns - monotonic_ns(), 0));
    }
  }
  constexpr std::int64_t kMs = 1'000'000;
  return left_ns == INT64_MAX ? -1 : static_cast<int>((left_ns + kMs - 1) / kMs);
}

bool RequestSocket::tell_late(Requester& requester) const {
  requester.waits_for = 0;
  return send_reply(requester.fd.get(), ETIMEDOUT,
                    "the host has not answered in " + std::to_string(timeout_ns_ / 1'000'000) +
                        " ms");
}

void RequestSocket::serve(const Forward& forward) {
  std::erase_if(requesters_, [&](Requester& requester) { return !serve_one(requester, forward); });
  accept_all();
}

void RequestSocket::accept_all() {
  while (requesters_.size() < kMaxRequesters) {
    kvm::UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) {
      return;
    }
    requesters_.push_back({.fd = std::move(fd)});
  }
}

bool RequestSocket::serve_one(Requester& requester, const Forward& forward) {
  if (requester.waits_for != 0) {
    pollfd wait{.fd = requester.fd.get(), .events = 0, .revents = 0};
    const bool is_there = ::poll(&wait, 1, 0) == 0;
    return is_there && (monotonic_ns() < requester.until_ns || tell_late(requester));
  }
  buffer_.resize(sizeof(schedrig_request_head) + kMaxGuestRequestBytes);
  const ssize_t got = ::recv(requester.fd.get(), buffer_.data(), buffer_.size(), MSG_TRUNC);
  if (got < 0) {
    return errno == EAGAIN || errno == EINTR;
  }
  if (got == 0) {
    return false; // closed
  }
  schedrig_request_head head{};
  const auto bytes = static_cast<std::size_t>(got);
  if (bytes > buffer_.size()) {
    return send_reply(requester.fd.get(), EMSGSIZE, "a request's body has at most 64 KiB");
  }
  if (bytes < sizeof head) {
    return send_reply(requester.fd.get(), EBADMSG, "a request begins with its kind");
  }
  std::memcpy(&head, buffer_.data(), sizeof head);
  if (head.reserved != 0) {
    return send_reply(requester.fd.get(), EBADMSG, "a reserved field is not 0");
  }
  if (++last_number_ == 0) {
    ++last_number_;
  }
  requester.waits_for = last_number_;
  requester.until_ns = monotonic_ns() + timeout_ns_;
  forward(
      {.number = last_number_,
       .kind = head.kind,
       .body = {reinterpret_cast<const char*>(buffer_.data()) + sizeof head, bytes - sizeof head}});
  return true;
}

Result<> RequestSocket::reply(const kvm::GuestReplyMessage& reply) {
  const auto requester = std::ranges::find(requesters_, reply.number, &Requester::waits_for);
  if (reply.number == 0 || requester == requesters_.end()) {
    return fail(StatusCode::kNotFound,
                "nobody waits for a reply to request " + std::to_string(reply.number));
  }
  requester->waits_for = 0;
  if (!send_reply(requester->fd.get(), request_errno(reply.code, reply.os_errno), reply.body)) {
    requesters_.erase(requester);
    return fail(StatusCode::kNotFound, "the program of request " + std::to_string(reply.number) +
                                           " does not take its reply");
  }
  return {};
}

} // namespace schedrig::agent

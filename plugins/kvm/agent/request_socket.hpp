// SPDX-License-Identifier: MIT
// RequestSocket: the local socket at which programs in the guest ask for something
// (schedrig/guest_request.h has its messages). Requests are handed over, replies handed back.
//
// What programs send is hostile: a request is bounded, one at a time for each connection, and at
// most kMaxRequesters connections are held; others wait to be accepted. A program's own deadline
// ends its wait: it closes, and its request is forgotten. Whom the host has not answered in time is
// told so (-ETIMEDOUT), and its connection goes on. Thread: the agent's only one.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>

#include <schedrig/result.hpp>

#include "channel/guest_request_messages.hpp"
#include "vmm/unique_fd.hpp"

namespace schedrig::agent {

inline constexpr const char* kRequestSocketPath = "/run/schedrig.requests";
// Each may have a request of kMaxGuestRequestBytes on its way.
inline constexpr std::size_t kMaxRequesters = 16;
// The host answers between ops; the longest of these, an attach, ends after 30 s.
inline constexpr std::int64_t kRequestTimeoutNs = 60'000'000'000;

class RequestSocket {
 public:
  // Listens at `path`, whose directory is made if it is missing. Errors: kInvalidArgument (too long
  // a path), kOs.
  [[nodiscard]] static Result<RequestSocket> open(std::string path,
                                                  std::int64_t timeout_ns = kRequestTimeoutNs);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  void add_waits(std::vector<pollfd>& waits) const;
  // Until serve() has somebody to tell that the host is late, as poll(2) wants it; -1: nobody.
  [[nodiscard]] int timeout_ms() const;
  // Takes in what is there. `forward` gets each request; its body is valid during the call.
  using Forward = std::function<void(const kvm::GuestRequestMessage& request)>;
  void serve(const Forward& forward);
  // kNotFound: nobody waits for a reply to this.
  [[nodiscard]] Result<> reply(const kvm::GuestReplyMessage& reply);

 private:
  struct Requester {
    kvm::UniqueFd fd;
    std::uint32_t waits_for = 0; // a request's number, 0: for nothing
    std::int64_t until_ns = 0;   // CLOCK_MONOTONIC
  };

  RequestSocket(std::string path, kvm::UniqueFd listener, std::int64_t timeout_ns)
      : path_(std::move(path)), listener_(std::move(listener)), timeout_ns_(timeout_ns) {}
  void accept_all();
  [[nodiscard]] bool tell_late(Requester& requester) const;
  // False: the connection is over.
  [[nodiscard]] bool serve_one(Requester& requester, const Forward& forward);

  std::string path_;
  kvm::UniqueFd listener_;
  std::int64_t timeout_ns_;
  std::vector<Requester> requesters_;
  std::vector<std::byte> buffer_;
  std::uint32_t last_number_ = 0;
};

} // namespace schedrig::agent

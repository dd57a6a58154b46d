// SPDX-License-Identifier: MIT
// The guest requests facet over the agent: requests wait here until the host takes them.
// Thread: host thread. Errors: guest_requests.hpp; each reply has a deadline.
#pragma once

#include <chrono>
#include <deque>
#include <string>

#include <schedrig/guest_requests.hpp>

#include "backend/agent_link.hpp"

namespace schedrig::kvm {

class AgentGuestRequests final : public GuestRequestsFacet, public GuestRequestSink {
 public:
  AgentGuestRequests(AgentLink& link, std::chrono::nanoseconds timeout) noexcept;

  Status next(GuestRequest* out) noexcept override;
  Status reply(std::uint32_t number, const GuestReply& reply) noexcept override;

  void on_guest_request(const GuestRequestMessage& request) override;

  // The guest is another one.
  void forget();

  // Whether requests came since this was last asked.
  [[nodiscard]] bool take_news() noexcept;

 private:
  struct Waiting {
    std::uint32_t number = 0;
    std::uint32_t kind = 0;
    std::string body;
  };

  [[nodiscard]] Result<> send_reply(std::uint32_t number, const GuestReply& reply);

  AgentLink& link_;
  std::chrono::nanoseconds timeout_;
  std::deque<Waiting> waiting_;
  Waiting taken_; // what next() gave last
  bool news_ = false;
};

} // namespace schedrig::kvm

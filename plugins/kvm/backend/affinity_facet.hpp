// SPDX-License-Identifier: MIT
// The affinity facet over the agent. Thread: host thread. Errors: affinity.hpp; each call has a
// deadline.
#pragma once

#include <chrono>

#include <schedrig/affinity.hpp>

#include "backend/agent_link.hpp"

namespace schedrig::kvm {

class AgentAffinity final : public AffinityFacet {
 public:
  AgentAffinity(AgentLink& link, std::chrono::nanoseconds timeout) noexcept
      : link_(link), timeout_(timeout) {}

  Status pin(std::span<const std::int32_t> pids,
             std::span<const std::uint32_t> cpus) noexcept override;

 private:
  [[nodiscard]] Result<> request_pin(std::span<const std::int32_t> pids,
                                     std::span<const std::uint32_t> cpus);

  AgentLink& link_;
  std::chrono::nanoseconds timeout_;
};

} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// The memory policy facet over the agent. Thread: host thread. Errors: mem_policy.hpp; each call
// has a deadline.
#pragma once

#include <chrono>

#include <schedrig/mem_policy.hpp>

#include "backend/agent_link.hpp"

namespace schedrig::kvm {

class AgentMemPolicy final : public MemPolicyFacet {
 public:
  AgentMemPolicy(AgentLink& link, std::chrono::nanoseconds timeout) noexcept
      : link_(link), timeout_(timeout) {}

  Status set_for_spawn(MemPolicyMode mode, std::span<const std::uint32_t> nodes) noexcept override;

 private:
  [[nodiscard]] Result<> request(MemPolicyMode mode, std::span<const std::uint32_t> nodes);

  AgentLink& link_;
  std::chrono::nanoseconds timeout_;
};

} // namespace schedrig::kvm

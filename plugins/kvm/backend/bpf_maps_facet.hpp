// SPDX-License-Identifier: MIT
// The BPF maps facet over the agent. Thread: host thread. Errors: bpf_maps.hpp; each call has a
// deadline.
#pragma once

#include <chrono>

#include <schedrig/bpf_maps.hpp>

#include "backend/agent_link.hpp"

namespace schedrig::kvm {

class AgentBpfMaps final : public BpfMapsFacet {
 public:
  AgentBpfMaps(AgentLink& link, std::chrono::nanoseconds timeout) noexcept
      : link_(link), timeout_(timeout) {}

  Status pin(std::string_view name, std::string_view path) noexcept override;
  Status unpin_all() noexcept override;

 private:
  [[nodiscard]] Result<> ask(std::uint32_t request, ByteView frame, MessageType answer_type);

  AgentLink& link_;
  std::chrono::nanoseconds timeout_;
};

} // namespace schedrig::kvm

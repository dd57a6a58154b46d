// SPDX-License-Identifier: MIT
#include "backend/mem_policy_facet.hpp"

#include <string>

#include <schedrig/export.hpp>

#include "channel/mem_policy_messages.hpp"

namespace schedrig::kvm {

Status AgentMemPolicy::set_for_spawn(MemPolicyMode mode,
                                     std::span<const std::uint32_t> nodes) noexcept {
  return guard("memory policy", [&] { return request(mode, nodes); });
}

Result<> AgentMemPolicy::request(MemPolicyMode mode, std::span<const std::uint32_t> nodes) {
  if (static_cast<std::uint32_t>(mode) >= kMemPolicyModes || nodes.size() > kMaxMemNodes) {
    return fail(StatusCode::kInvalidArgument,
                "memory policy of mode " + std::to_string(static_cast<std::uint32_t>(mode)) +
                    " with " + std::to_string(nodes.size()) + " nodes");
  }
  const std::uint32_t request = link_.new_request();
  Answer answer;
  const auto on_answer = [&](const Parsed& frame) -> Result<bool> {
    if (frame.type != MessageType::kMemPolicyReply) {
      return fail(StatusCode::kBadData, "memory policy: unexpected answer of the guest agent");
    }
    answer = TRY(decode_answer(frame.payload));
    return true;
  };
  TRY(link_.exchange(request, encode_mem_policy_request(request, mode, nodes), "memory policy",
                     std::chrono::steady_clock::now() + timeout_, on_answer));
  return from_outcome(answer.outcome);
}

} // namespace schedrig::kvm

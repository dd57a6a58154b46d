// SPDX-License-Identifier: MIT
// The message that sets the memory policy of the workers spawned next. Answered by an Answer
// (messages.hpp). Errors: kBadData. Thread: any.
#pragma once

#include <span>
#include <vector>

#include <schedrig/mem_policy.hpp>

#include "channel/messages.hpp"

namespace schedrig::kvm {

struct MemPolicyRequest {
  std::uint32_t request = 0;
  MemPolicyMode mode = MemPolicyMode::kDefault;
  std::vector<std::uint32_t> nodes;
};

[[nodiscard]] Bytes encode_mem_policy_request(std::uint32_t request, MemPolicyMode mode,
                                              std::span<const std::uint32_t> nodes);
// Checks the form and that the mode exists.
[[nodiscard]] Result<MemPolicyRequest> decode_mem_policy_request(ByteView payload);

} // namespace schedrig::kvm

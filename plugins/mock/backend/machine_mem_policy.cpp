// SPDX-License-Identifier: MIT
// The memory policy facet of the mock machine (do_set_mempolicy(), mm/mempolicy.c, Linux 6.18): a
// policy is checked as the kernel checks it. It has no further effect: where memory lies costs
// nothing here.
#include <algorithm>
#include <cerrno>
#include <string>

#include <schedrig/export.hpp>

#include "plugins/mock/backend/machine.hpp"

namespace schedrig::mock {

Status MockMachine::set_for_spawn(MemPolicyMode mode,
                                  std::span<const std::uint32_t> nodes) noexcept {
  return guard("memory policy", [&]() -> Status {
    if (Status status = check_up("memory policy"); !status.ok()) {
      return status;
    }
    const std::string what = "set_mempolicy to mode " +
                             std::to_string(static_cast<std::uint32_t>(mode)) + " with " +
                             std::to_string(nodes.size()) + " nodes";
    const auto too_high = [](std::uint32_t node) { return node >= kMaxMemNodes; };
    if (static_cast<std::uint32_t>(mode) >= kMemPolicyModes || nodes.size() > kMaxMemNodes ||
        std::ranges::any_of(nodes, too_high)) {
      return Status::make(StatusCode::kInvalidArgument, what);
    }
    advance(kSyscallNs);
    const bool takes_nodes = mode != MemPolicyMode::kDefault && mode != MemPolicyMode::kLocal;
    const bool has_one =
        std::ranges::any_of(nodes, [this](std::uint32_t node) { return node < cgroups_.nodes(); });
    if (takes_nodes ? !has_one : !nodes.empty()) {
      return Status::make(StatusCode::kOs, what,
                          cgroups_.nodes() == 1 ? "the machine has node 0 only"
                                                : "the machine has nodes 0 to " +
                                                      std::to_string(cgroups_.nodes() - 1),
                          EINVAL);
    }
    return {};
  });
}

} // namespace schedrig::mock

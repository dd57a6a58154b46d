// SPDX-License-Identifier: MIT
// The memory policy facet: which NUMA nodes the memory of workers comes from. A process inherits
// its parent's policy (set_mempolicy(2)), so it is set before workers are spawned.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <schedrig/status.hpp>

namespace schedrig {

// Values are part of the ABI: append only.
enum class MemPolicyMode : std::uint32_t {
  kDefault = 0,
  kBind,
  kPreferred,
  kInterleave,
  kLocal,
  kPreferredMany,     // since Linux 5.15
  kWeightedInterleave // since Linux 6.9
};
inline constexpr std::uint32_t kMemPolicyModes = 7;

// Debian's CONFIG_NODES_SHIFT is 10.
inline constexpr std::uint32_t kMaxMemNodes = 1024;

class MemPolicyFacet {
 public:
  static constexpr std::string_view kInterfaceId = "schedrig.mempolicy/1";

  // [host-thread] The policy with which workers start that are spawned from now on. kDefault and
  // kLocal take no nodes, the others at least one. kOs: EINVAL when no node has memory or the
  // kernel lacks the mode. kInvalidArgument: a mode that does not exist, too many nodes.
  virtual Status set_for_spawn(MemPolicyMode mode,
                               std::span<const std::uint32_t> nodes) noexcept = 0;

 protected:
  ~MemPolicyFacet() = default;
};

} // namespace schedrig

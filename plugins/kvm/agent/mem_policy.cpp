// SPDX-License-Identifier: MIT
#include "agent/mem_policy.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <string>

#include <sys/syscall.h>
#include <unistd.h>

namespace schedrig::agent {
namespace {

// MPOL_* of include/uapi/linux/mempolicy.h (Linux 6.18), by our mode: headers of older kernels lack
// the last ones.
constexpr std::array<int, kMemPolicyModes> kKernelModes = {0, 2, 1, 3, 4, 5, 6};
constexpr std::size_t kWordBits = sizeof(unsigned long) * CHAR_BIT;

} // namespace

Result<> set_mem_policy(MemPolicyMode mode, std::span<const std::uint32_t> nodes) {
  std::array<unsigned long, kMaxMemNodes / kWordBits> mask{};
  for (const std::uint32_t node : nodes) {
    if (node >= kMaxMemNodes) {
      return fail(StatusCode::kInvalidArgument,
                  "memory policy names a node above " + std::to_string(kMaxMemNodes - 1));
    }
    mask[node / kWordBits] |= 1UL << (node % kWordBits);
  }
  // The kernel looks at one bit less than it is told (get_nodes(), mm/mempolicy.c).
  const long set = ::syscall(SYS_set_mempolicy, kKernelModes[static_cast<std::size_t>(mode)],
                             nodes.empty() ? nullptr : mask.data(), kMaxMemNodes + 1);
  if (set != 0) {
    return fail_errno(errno, "set_mempolicy to mode " +
                                 std::to_string(static_cast<std::uint32_t>(mode)) + " with " +
                                 std::to_string(nodes.size()) + " nodes");
  }
  return {};
}

} // namespace schedrig::agent

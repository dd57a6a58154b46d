// SPDX-License-Identifier: MIT
// Walks along the kernel's circular lists (include/linux/list.h), which may be anything: a list
// ends at its head, or in an error.
//
// A budget bounds all lists of one walk together. Thread: host.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_set>

#include <schedrig/result.hpp>

#include "host/kernel_view/kernel_memory.hpp"

namespace schedrig::kernel_view {

// Nodes that a walk may still look at. 65,536 tasks are six times what a machine is made for.
struct WalkBudget {
  std::uint32_t left = 65'536;
  std::uint32_t seen = 0;
};

// The node behind `node` in the list that begins at `head`. kBadData, with the list's name and the
// number of nodes seen: it ends in nothing, leads to no memory of the kernel's, or the budget is
// spent.
Result<std::uint64_t> next_in_list(const KernelMemory& memory, std::uint64_t node,
                                   std::string_view name, WalkBudget& budget);
std::unexpected<Error> list_has_a_ring(std::uint64_t node, std::string_view name,
                                       const WalkBudget& budget);

// visit(node) -> Result<bool> for each node but the head, in order; true ends the walk. kBadData:
// as next_in_list; a node comes twice.
template <class Visit>
Result<> walk_list(const KernelMemory& memory, std::uint64_t head, std::string_view name,
                   WalkBudget& budget, Visit&& visit) {
  std::unordered_set<std::uint64_t> met;
  std::uint64_t node = TRY(next_in_list(memory, head, name, budget));
  while (node != head) {
    if (!met.insert(node).second) {
      return list_has_a_ring(node, name, budget);
    }
    ++budget.seen;
    const bool found = TRY(visit(node));
    if (found) {
      break;
    }
    node = TRY(next_in_list(memory, node, name, budget));
  }
  return {};
}

} // namespace schedrig::kernel_view

// SPDX-License-Identifier: MIT
#include "host/kernel_view/list_walk.hpp"

#include <string>

#include "host/text/hex.hpp"

namespace schedrig::kernel_view {
namespace {

std::string after(std::string_view name, const WalkBudget& budget) {
  return "the kernel's list " + std::string(name) + ", after " + std::to_string(budget.seen) +
         " nodes";
}

} // namespace

Result<std::uint64_t> next_in_list(const KernelMemory& memory, std::uint64_t node,
                                   std::string_view name, WalkBudget& budget) {
  if (budget.left == 0) {
    return fail(StatusCode::kBadData, after(name, budget) + ": it has more than a kernel can have");
  }
  auto next = memory.read_object<std::uint64_t>(node); // list_head.next comes first
  if (!next) {
    return std::unexpected(std::move(next).error().context(after(name, budget)));
  }
  if (*next == 0) {
    return fail(StatusCode::kBadData,
                after(name, budget) + ": the one at " + text::hex_number(node) + " leads nowhere");
  }
  --budget.left;
  return next;
}

std::unexpected<Error> list_has_a_ring(std::uint64_t node, std::string_view name,
                                       const WalkBudget& budget) {
  return fail(StatusCode::kBadData, after(name, budget) + ": it comes to " +
                                        text::hex_number(node) +
                                        " again without having passed its head");
}

} // namespace schedrig::kernel_view

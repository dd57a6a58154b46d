// SPDX-License-Identifier: MIT
#include "host/engine/cold_run.hpp"

#include <algorithm>
#include <iterator>

namespace schedrig::engine {

std::size_t cold_run(std::span<const Op> ops) noexcept {
  const auto end = std::ranges::find_if_not(ops, [](const Op& op) {
    return std::holds_alternative<ReadKernelCold>(op.body) ||
           std::holds_alternative<WriteKernelCold>(op.body);
  });
  return static_cast<std::size_t>(std::distance(ops.begin(), end));
}

} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
// Which ops share a freeze window: cold reads and writes of kernel memory that stand side by side
// in one list of ops. Any other op between them, the end of the list and the next turn of a looping
// step end the window. Pure; thread: any.
#pragma once

#include <cstddef>
#include <span>

#include <schedrig/ops.hpp>

namespace schedrig::engine {

// How many ops from the first on share its window; 0 where the first needs none.
[[nodiscard]] std::size_t cold_run(std::span<const Op> ops) noexcept;

} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
// A Comparison evaluated and spelt. Pure; thread: any.
#pragma once

#include <cstdint>
#include <string>

#include <schedrig/kernel_targets.hpp>

namespace schedrig::engine {

[[nodiscard]] bool holds(const Comparison& comparison, std::uint64_t value) noexcept;
// ">= 3"
[[nodiscard]] std::string to_string(const Comparison& comparison);

} // namespace schedrig::engine

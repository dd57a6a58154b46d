// SPDX-License-Identifier: MIT
#include "host/engine/comparison.hpp"

#include <array>

namespace schedrig::engine {

bool holds(const Comparison& comparison, std::uint64_t value) noexcept {
  switch (comparison.op) {
  case CompareOp::kEqual:
    return value == comparison.value;
  case CompareOp::kNotEqual:
    return value != comparison.value;
  case CompareOp::kLess:
    return value < comparison.value;
  case CompareOp::kLessEqual:
    return value <= comparison.value;
  case CompareOp::kGreater:
    return value > comparison.value;
  case CompareOp::kGreaterEqual:
    return value >= comparison.value;
  }
  return false;
}

std::string to_string(const Comparison& comparison) {
  constexpr std::array kSigns = {"==", "!=", "<", "<=", ">", ">="};
  return std::string(kSigns.at(static_cast<std::size_t>(comparison.op))) + " " +
         std::to_string(comparison.value);
}

} // namespace schedrig::engine

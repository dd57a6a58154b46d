// SPDX-License-Identifier: MIT
#include "backend/process_state.hpp"

namespace schedrig::kvm {

std::string_view process_state(std::string_view stat) {
  if (stat.empty()) {
    return "is gone";
  }
  // A command's name may hold parentheses and spaces: the last one ends it.
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos || stat.size() < name_end + 3) {
    return "is in an unknown state";
  }
  switch (stat[name_end + 2]) {
  case 'R':
    return "runs (R)";
  case 'S':
    return "sleeps (S)";
  case 'D':
    return "hangs in the kernel (D)";
  case 'T':
    return "is stopped (T)";
  case 't':
    return "is stopped by a debugger (t)";
  case 'Z':
  case 'X':
    return "has ended (Z)";
  default:
    return "is in an unknown state";
  }
}

} // namespace schedrig::kvm

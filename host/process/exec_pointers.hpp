// SPDX-License-Identifier: MIT
// exec_pointers: what execve(2) takes, over strings that the caller keeps alive and unchanged.
// Thread: any.
#pragma once

#include <string>
#include <vector>

namespace schedrig {

[[nodiscard]] inline std::vector<char*> exec_pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (std::string& text : strings) {
    result.push_back(text.data());
  }
  result.push_back(nullptr);
  return result;
}

} // namespace schedrig

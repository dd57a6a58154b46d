// SPDX-License-Identifier: MIT
#include "host/config/diagnostic.hpp"

#include <algorithm>
#include <utility>

namespace schedrig::config {

void Diagnostics::add(SourcePos pos, std::string message, std::string help) {
  if (full()) {
    ++dropped_;
    return;
  }
  list_.push_back({pos, std::move(message), std::move(help)});
}

std::vector<Diagnostic> Diagnostics::take_sorted() {
  std::ranges::stable_sort(list_, {}, [](const Diagnostic& d) { return key_of(d.pos); });
  // A loop's second turn finds what its first has found.
  const auto again = std::ranges::unique(list_, [](const Diagnostic& a, const Diagnostic& b) {
    return key_of(a.pos) == key_of(b.pos) && a.message == b.message;
  });
  list_.erase(again.begin(), again.end());
  if (dropped_ > 0) {
    list_.push_back({SourcePos{}, std::to_string(dropped_) + " further errors are not shown",
                     "mend the first ones: others often follow from them"});
  }
  dropped_ = 0;
  return std::exchange(list_, {});
}

} // namespace schedrig::config

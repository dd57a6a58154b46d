// SPDX-License-Identifier: MIT
// Ring: the nodes of one of the kernel's doubly linked lists, in order. Thread: one.
#pragma once

#include <cstdint>
#include <vector>

#include "plugins/mock/kernel/structs.hpp"

namespace schedrig::mock {

class Ring {
 public:
  explicit Ring(std::uint64_t head) : head_(head) {}

  void add(std::uint64_t node) { nodes_.push_back(node); }
  [[nodiscard]] guest::ListHead head() const {
    return nodes_.empty() ? guest::ListHead{.next = head_, .prev = head_}
                          : guest::ListHead{.next = nodes_.front(), .prev = nodes_.back()};
  }
  // Of the nth that was added.
  [[nodiscard]] guest::ListHead node(std::size_t n) const {
    return {.next = n + 1 < nodes_.size() ? nodes_[n + 1] : head_,
            .prev = n > 0 ? nodes_[n - 1] : head_};
  }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

 private:
  std::uint64_t head_;
  std::vector<std::uint64_t> nodes_;
};

} // namespace schedrig::mock

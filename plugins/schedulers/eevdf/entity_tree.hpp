// SPDX-License-Identifier: MIT
// EntityTree: entities in order of their deadlines, with the least vruntime and the shortest slice
// of every subtree: what the kernel's augmented rb-tree of a cfs_rq answers (kernel/sched/fair.c,
// Linux 6.18), as a treap (Seidel and Aragon 1996). Intrusive: owns nothing. Keys must not change
// while an entity is in the tree.
#pragma once

#include <cstdint>

namespace schedrig::eevdf {

struct Entity;

struct TreeNode {
  Entity* left = nullptr;
  Entity* right = nullptr;
  std::uint64_t order = 0;    // of insertion: breaks ties of deadlines
  std::uint32_t priority = 0; // heap order; a hash of `order`
  std::int64_t min_vruntime = 0;
  std::int64_t min_slice = 0;
};

class EntityTree {
 public:
  void insert(Entity& entity);
  // Requires: in the tree.
  void erase(Entity& entity);
  [[nodiscard]] std::uint32_t size() const { return size_; }
  // The earliest deadline. Requires: not empty, for this and those below.
  [[nodiscard]] Entity* first() const;
  [[nodiscard]] std::int64_t min_vruntime() const;
  [[nodiscard]] std::int64_t min_slice() const;
  // The earliest deadline among those whose vruntime `eligible` accepts; it must accept every
  // vruntime below one that it accepts. Null if there is none.
  template <class Eligible> [[nodiscard]] Entity* first_eligible(Eligible&& eligible) const;

 private:
  Entity* root_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint64_t next_order_ = 0;
};

} // namespace schedrig::eevdf

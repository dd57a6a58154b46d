// SPDX-License-Identifier: MIT
#include "plugins/schedulers/eevdf/entity_tree.hpp"

#include <algorithm>

#include "plugins/schedulers/eevdf/run_queue.hpp"

namespace schedrig::eevdf {
namespace {

bool before(const Entity& a, const Entity& b) {
  const std::int64_t distance = a.deadline - b.deadline;
  return distance != 0 ? distance < 0 : a.node.order < b.node.order;
}

void update(Entity& entity) {
  TreeNode& node = entity.node;
  node.min_vruntime = entity.vruntime;
  node.min_slice = entity.slice_ns;
  for (const Entity* child : {node.left, node.right}) {
    if (child != nullptr) {
      node.min_vruntime = std::min(node.min_vruntime, child->node.min_vruntime);
      node.min_slice = std::min(node.min_slice, child->node.min_slice);
    }
  }
}

// Depths are logarithmic: recursion is short.
void split(Entity* root, const Entity& key, Entity*& left, Entity*& right) {
  if (root == nullptr) {
    left = right = nullptr;
  } else if (before(*root, key)) {
    split(root->node.right, key, root->node.right, right);
    left = root;
    update(*root);
  } else {
    split(root->node.left, key, left, root->node.left);
    right = root;
    update(*root);
  }
}

Entity* merge(Entity* left, Entity* right) {
  if (left == nullptr || right == nullptr) {
    return left == nullptr ? right : left;
  }
  if (left->node.priority > right->node.priority) {
    left->node.right = merge(left->node.right, right);
    update(*left);
    return left;
  }
  right->node.left = merge(left, right->node.left);
  update(*right);
  return right;
}

Entity* insert_below(Entity* root, Entity& entity) {
  if (root == nullptr || entity.node.priority > root->node.priority) {
    split(root, entity, entity.node.left, entity.node.right);
    update(entity);
    return &entity;
  }
  Entity*& side = before(entity, *root) ? root->node.left : root->node.right;
  side = insert_below(side, entity);
  update(*root);
  return root;
}

Entity* erase_below(Entity* root, const Entity& entity) {
  if (root == &entity) {
    return merge(root->node.left, root->node.right);
  }
  Entity*& side = before(entity, *root) ? root->node.left : root->node.right;
  side = erase_below(side, entity);
  update(*root);
  return root;
}

} // namespace

void EntityTree::insert(Entity& entity) {
  entity.node = {};
  entity.node.order = next_order_++;
  entity.node.priority = static_cast<std::uint32_t>((next_order_ * 0x9E3779B97F4A7C15ULL) >> 32U);
  root_ = insert_below(root_, entity);
  ++size_;
}

void EntityTree::erase(Entity& entity) {
  root_ = erase_below(root_, entity);
  --size_;
}

Entity* EntityTree::first() const {
  Entity* entity = root_;
  while (entity->node.left != nullptr) {
    entity = entity->node.left;
  }
  return entity;
}

std::int64_t EntityTree::min_vruntime() const {
  return root_->node.min_vruntime;
}

std::int64_t EntityTree::min_slice() const {
  return root_->node.min_slice;
}

} // namespace schedrig::eevdf

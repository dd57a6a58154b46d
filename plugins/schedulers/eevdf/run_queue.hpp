// SPDX-License-Identifier: MIT
// RunQueue: one EEVDF queue (struct cfs_rq of kernel/sched/fair.c, Linux 6.18): entities with
// weighted virtual runtimes, lag, eligibility and virtual deadlines. Entities are tasks or, in a
// CPU's root queue, groups; the queue does not care.
//
// Times are nanoseconds; virtual times run at kNice0Weight / weight of real ones. The queue never
// owns entities. Every operation takes at most the logarithm of the queue's length.
#pragma once

#include <cstddef>
#include <cstdint>

#include "plugins/schedulers/eevdf/entity_tree.hpp"

namespace schedrig::eevdf {

inline constexpr std::int64_t kNice0Weight = 1024; // NICE_0_LOAD, scaled down

struct Entity {
  std::int64_t vruntime = 0;
  std::int64_t deadline = 0;
  std::int64_t vlag = 0;  // while off the queue: how far behind the average it left
  std::int64_t vprot = 0; // RUN_TO_PARITY: not preempted before this virtual time
  std::int64_t weight = kNice0Weight;
  std::int64_t slice_ns = 0;
  std::uint32_t owner = 0; // index of the task or group
  bool is_group = false;
  bool on_rq = false;
  bool relative = false; // off the queue: deadline is that much after the vruntime to come
  bool delayed = false;  // asleep, but kept to work its negative lag off (DELAY_DEQUEUE)
  TreeNode node;
};

template <class Eligible> Entity* EntityTree::first_eligible(Eligible&& eligible) const {
  Entity* entity = root_;
  while (entity != nullptr && eligible(entity->node.min_vruntime)) {
    Entity* const left = entity->node.left;
    if (left != nullptr && eligible(left->node.min_vruntime)) {
      entity = left;
    } else if (eligible(entity->vruntime)) {
      return entity;
    } else {
      entity = entity->node.right;
    }
  }
  return nullptr;
}

class RunQueue {
 public:
  // place_entity() and insertion. `initial`: a new task gets half a slice to start with.
  void enqueue(Entity& entity, bool initial);
  // Takes the entity off and remembers its lag; if it does not `sleep`, the rest of its slice, too
  // (PLACE_REL_DEADLINE): a change of its attributes gives it no new one. Not while it is the
  // current one.
  void dequeue(Entity& entity, bool sleep);
  // Another weight, with lag and the rest of the slice kept in proportion.
  void reweight(Entity& entity, std::int64_t weight);

  // The entity starts to run: it stays part of the average. Requires: on the queue.
  void set_current(Entity& entity);
  void put_current();
  // Charges what the current entity ran. True when it should give way (if anyone else is there).
  bool charge(std::int64_t delta_ns);

  // The eligible entity with the earliest deadline, the current one included; a current one that
  // is still protected if `protect`. Null when empty.
  [[nodiscard]] Entity* pick(bool protect) const;
  [[nodiscard]] bool eligible(const Entity& entity) const;

  [[nodiscard]] Entity* current() const { return current_; }
  [[nodiscard]] std::size_t size() const { return queued_.size() + (current_ != nullptr ? 1 : 0); }
  [[nodiscard]] std::int64_t load() const; // sum of weights

 private:
  struct Average {
    std::int64_t sum = 0; // of (vruntime - zero_) * weight
    std::int64_t load = 0;
    [[nodiscard]] bool covers(std::int64_t relative_vruntime) const {
      return sum >= relative_vruntime * load;
    }
  };
  [[nodiscard]] Average average() const;
  [[nodiscard]] std::int64_t average_vruntime() const;
  void place(Entity& entity, bool initial);
  [[nodiscard]] bool is_protected(const Entity& entity) const;
  void update_zero();
  void add(Entity& entity);
  void remove(Entity& entity);

  EntityTree queued_; // without the current one
  Average total_;     // of the queued ones
  Entity* current_ = nullptr;
  std::int64_t zero_ = 0; // min_vruntime: sums are relative to it; only moves forward
};

} // namespace schedrig::eevdf

// SPDX-License-Identifier: MIT
#include "plugins/mock/sim/event_queue.hpp"

#include <algorithm>

namespace schedrig::mock {

void EventQueue::push(Nanos at, SimEventKind kind, std::uint32_t target, std::uint32_t generation) {
  const SimEvent event{.at = at,
                       .order = (sequence_++ << 8U) | static_cast<std::uint64_t>(kind),
                       .target = target,
                       .generation = generation};
  if (hole_at_top_) {
    hole_at_top_ = false;
    sink(event);
    return;
  }
  std::size_t hole = heap_.size();
  heap_.push_back(event);
  while (hole > 0) {
    const std::size_t parent = (hole - 1) / kArity;
    if (!before(event, heap_[parent])) {
      break;
    }
    heap_[hole] = heap_[parent];
    hole = parent;
  }
  heap_[hole] = event;
}

SimEvent EventQueue::pop() {
  fill_hole();
  hole_at_top_ = true;
  return heap_.front();
}

void EventQueue::fill_hole() {
  if (!hole_at_top_) {
    return;
  }
  hole_at_top_ = false;
  const SimEvent last = heap_.back();
  heap_.pop_back();
  if (!heap_.empty()) {
    sink(last);
  }
}

// Puts the event where the top was, and below whatever comes before it.
void EventQueue::sink(const SimEvent& event) {
  SimEvent* const heap = heap_.data();
  const std::size_t n = heap_.size();
  std::size_t hole = 0;
  std::size_t first = 1;
  while (first < n) {
    std::size_t best = first;
    for (std::size_t child = first + 1; child < std::min(first + kArity, n); ++child) {
      best = before(heap[child], heap[best]) ? child : best;
    }
    if (!before(heap[best], event)) {
      break;
    }
    heap[hole] = heap[best];
    hole = best;
    first = (hole * kArity) + 1;
  }
  heap[hole] = event;
}

} // namespace schedrig::mock

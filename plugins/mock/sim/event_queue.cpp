// SPDX-License-Identifier: MIT
#include "plugins/mock/sim/event_queue.hpp"

#include <algorithm>

namespace schedrig::mock {

void EventQueue::push(Nanos at, SimEventKind kind, std::uint32_t target, std::uint32_t generation) {
  const SimEvent event{.at = at,
                       .order = (sequence_++ << 8U) | static_cast<std::uint64_t>(kind),
                       .target = target,
                       .generation = generation};
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
  const SimEvent result = heap_.front();
  const SimEvent last = heap_.back();
  heap_.pop_back();
  const std::size_t n = heap_.size();
  std::size_t hole = 0;
  while (n > 0) {
    const std::size_t first = (hole * kArity) + 1;
    if (first >= n) {
      break;
    }
    std::size_t best = first;
    for (std::size_t child = first + 1; child < std::min(first + kArity, n); ++child) {
      if (before(heap_[child], heap_[best])) {
        best = child;
      }
    }
    if (!before(heap_[best], last)) {
      break;
    }
    heap_[hole] = heap_[best];
    hole = best;
  }
  if (n > 0) {
    heap_[hole] = last;
  }
  return result;
}

} // namespace schedrig::mock

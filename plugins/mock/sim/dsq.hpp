// SPDX-License-Identifier: MIT
// Dsq: a dispatch queue (struct scx_dispatch_q of kernel/sched/ext.c): a FIFO or, for user
// queues, an order by vtime; never both at once. Tasks are linked by index; the table is the
// engine's. Compared as the kernel does: vtimes wrap (time_before64).
#pragma once

#include <cstdint>
#include <vector>

#include "plugins/mock/sim/task.hpp"

namespace schedrig::mock {

struct Dsq {
  std::uint64_t id = 0;
  TaskId head = kNoTask;
  TaskId tail = kNoTask;
  std::uint32_t nr = 0;
  // Latest first, so that taking the earliest is O(1). Ties keep the order of insertion.
  std::vector<TaskId> by_vtime;
};

// `Tasks` is anything with Task& operator[](TaskId).
template <class Tasks> void dsq_push_fifo(Dsq& dsq, Tasks& tasks, TaskId id, bool at_head) {
  Task& task = tasks[id];
  task.in_vtime_order = false;
  task.prev = at_head ? kNoTask : dsq.tail;
  task.next = at_head ? dsq.head : kNoTask;
  (task.prev == kNoTask ? dsq.head : tasks[task.prev].next) = id;
  (task.next == kNoTask ? dsq.tail : tasks[task.next].prev) = id;
  ++dsq.nr;
}

template <class Tasks> void dsq_push_vtime(Dsq& dsq, Tasks& tasks, TaskId id) {
  Task& task = tasks[id];
  task.in_vtime_order = true;
  auto& order = dsq.by_vtime;
  std::size_t low = 0;
  std::size_t high = order.size();
  while (low < high) { // first position whose vtime is not after the new one
    const std::size_t mid = low + ((high - low) / 2);
    const auto distance =
        static_cast<std::int64_t>(tasks[order[mid]].sim.dsq_vtime - task.sim.dsq_vtime);
    if (distance > 0) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  order.insert(order.begin() + static_cast<std::ptrdiff_t>(low), id);
  ++dsq.nr;
}

template <class Tasks> void dsq_remove(Dsq& dsq, Tasks& tasks, TaskId id) {
  Task& task = tasks[id];
  if (task.in_vtime_order) {
    auto& order = dsq.by_vtime;
    for (std::size_t i = order.size(); i-- > 0;) {
      if (order[i] == id) {
        order.erase(order.begin() + static_cast<std::ptrdiff_t>(i));
        break;
      }
    }
  } else {
    (task.prev == kNoTask ? dsq.head : tasks[task.prev].next) = task.next;
    (task.next == kNoTask ? dsq.tail : tasks[task.next].prev) = task.prev;
  }
  task.next = task.prev = kNoTask;
  task.dsq = kNoDsq;
  --dsq.nr;
}

// The first task, in the queue's order, for which `fits` says yes, or kNoTask.
template <class Tasks, class Fits>
[[nodiscard]] TaskId dsq_find(const Dsq& dsq, Tasks& tasks, Fits&& fits) {
  for (TaskId id = dsq.head; id != kNoTask; id = tasks[id].next) {
    if (fits(tasks[id])) {
      return id;
    }
  }
  for (std::size_t i = dsq.by_vtime.size(); i-- > 0;) {
    if (fits(tasks[dsq.by_vtime[i]])) {
      return dsq.by_vtime[i];
    }
  }
  return kNoTask;
}

} // namespace schedrig::mock

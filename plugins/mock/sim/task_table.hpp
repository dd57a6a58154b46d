// SPDX-License-Identifier: MIT
// TaskTable: all tasks by TaskId, in blocks, so that addresses are stable while it grows (policies
// hold on to SimTask). A copy has tasks of its own, at addresses of their own. Thread: one.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "plugins/mock/sim/task.hpp"

namespace schedrig::mock {

class TaskTable {
 public:
  TaskTable() = default;
  TaskTable(const TaskTable& other) : size_(other.size_) {
    for (const auto& block : other.blocks_) {
      blocks_.push_back(std::make_unique<Block>(*block));
    }
    for (TaskId id = 0; id < size_; ++id) {
      point_at_own((*this)[id]);
    }
  }
  TaskTable(TaskTable&&) noexcept = default;
  TaskTable& operator=(const TaskTable& other) { return *this = TaskTable(other); }
  TaskTable& operator=(TaskTable&&) noexcept = default;
  ~TaskTable() = default;

  [[nodiscard]] TaskId size() const { return size_; }
  [[nodiscard]] Task& operator[](TaskId id) { return (*blocks_[id / kBlock])[id % kBlock]; }
  [[nodiscard]] const Task& operator[](TaskId id) const {
    return (*blocks_[id / kBlock])[id % kBlock];
  }
  TaskId grow() {
    if (size_ % kBlock == 0) {
      blocks_.push_back(std::make_unique<Block>());
    }
    return size_++;
  }

 private:
  static constexpr TaskId kBlock = 64; // some 60 KiB: a small machine's tasks in one block
  using Block = std::array<Task, kBlock>;

  // What policies see of a task shows what the task itself holds.
  static void point_at_own(Task& task) {
    task.sim.cpus_allowed = std::span(task.allowed.words).first(task.sim.cpus_allowed.size());
    task.sim.groups = task.groups;
  }

  std::vector<std::unique_ptr<Block>> blocks_;
  TaskId size_ = 0;
};

} // namespace schedrig::mock

// SPDX-License-Identifier: MIT
// TaskTable: all tasks by TaskId, in blocks, so that addresses are stable while it grows (policies
// hold on to SimTask). Thread: one.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "plugins/mock/sim/task.hpp"

namespace schedrig::mock {

class TaskTable {
 public:
  [[nodiscard]] TaskId size() const { return size_; }
  [[nodiscard]] Task& operator[](TaskId id) { return (*blocks_[id / kBlock])[id % kBlock]; }
  [[nodiscard]] const Task& operator[](TaskId id) const {
    return (*blocks_[id / kBlock])[id % kBlock];
  }
  TaskId grow() {
    if (size_ % kBlock == 0) {
      blocks_.push_back(std::make_unique<std::array<Task, kBlock>>());
    }
    return size_++;
  }

 private:
  static constexpr TaskId kBlock = 64; // some 60 KiB: a small machine's tasks in one block
  std::vector<std::unique_ptr<std::array<Task, kBlock>>> blocks_;
  TaskId size_ = 0;
};

} // namespace schedrig::mock

// SPDX-License-Identifier: MIT
// Workers: what the tasks of a work group do, as actions for the engine. The cycles are those of
// schedrig/work.hpp. Knows no CPUs and no scheduler; units of work are counted arithmetically from
// the CPU time that the engine granted, never by events.
#pragma once

#include <cstdint>
#include <vector>

#include <schedrig/work.hpp>

#include "plugins/mock/sim/behaviour.hpp"

namespace schedrig::mock {

// Ok, or why this backend cannot run the work: kUnsupported names the type.
[[nodiscard]] Status check_work(const WorkSpec& spec, std::uint32_t cpus);

class Workers final : public Behaviour {
 public:
  // Before the task's first action. `partner` is the other half of a pair, else kNoTask.
  void add(TaskId id, const WorkSpec& spec);
  void set_partner(TaskId id, TaskId partner) { workers_[id].partner = partner; }
  [[nodiscard]] std::uint64_t iterations(TaskId id, const Task& task) const;

  Action next_action(TaskId id, const Task& task) noexcept override;

 private:
  struct Worker {
    WorkType type = WorkType::kSpin;
    std::uint32_t phase = 0; // position in the type's cycle
    TaskId partner = kNoTask;
    std::uint32_t burst_iterations = 0;
    Nanos burst_ns = 0;
    Nanos sleep_ns = 0;
    std::uint64_t iterations = 0;
  };

  std::vector<Worker> workers_; // by TaskId
};

} // namespace schedrig::mock

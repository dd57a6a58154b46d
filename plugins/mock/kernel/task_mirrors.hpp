// SPDX-License-Identifier: MIT
// The machine's tasks in its memory: a task_struct for each process and each CPU's idle task, in
// the lists that the kernel has them in. Thread: one.
#pragma once

#include <cstdint>
#include <vector>

#include <schedrig/result.hpp>

#include "plugins/mock/kernel/address_space.hpp"
#include "plugins/mock/kernel/cgroup_mirrors.hpp"
#include "plugins/mock/kernel/dsq_mirrors.hpp"
#include "plugins/mock/kernel/mirror.hpp"
#include "plugins/mock/kernel/ring.hpp"
#include "plugins/mock/kernel/sources.hpp"

namespace schedrig::mock {

class TaskMirrors {
 public:
  // `runqueues`: each CPU's struct rq, by its linear address. The cgroups are stored already.
  Result<> store(AddressSpace& space, const Sources& from, const CgroupMirrors& cgroups,
                 const std::vector<std::uint64_t>& runqueues);

  // As the last store() has left them: what the CPU runs, its idle task, and its list of tasks that
  // wait.
  [[nodiscard]] std::uint64_t current(const AddressSpace& space, const Engine& engine,
                                      CpuId cpu) const;
  [[nodiscard]] std::uint64_t idle(const AddressSpace& space, CpuId cpu) const {
    return linear(space, idle_[cpu]);
  }
  // Of the task whose structure has the byte; 0: none has.
  [[nodiscard]] CpuId cpu_at(std::uint64_t physical) const;
  [[nodiscard]] guest::ListHead runnable(CpuId cpu) const { return runnable_[cpu]; }
  [[nodiscard]] const DsqMirrors& queues() const { return queues_; }

 private:
  struct Place {
    std::int32_t pid = 0; // whose it is: places are used again
    Nanos created_at = 0;
    Mirror<guest::TaskStruct> task;
    Mirror<guest::SignalStruct> signal;
  };
  struct Pass; // one store()

  [[nodiscard]] static std::uint64_t linear(const AddressSpace& space,
                                            const Mirror<guest::TaskStruct>& task);
  Result<> place_all(AddressSpace& space, const Sources& from);
  static Result<> place(AddressSpace& space, Place& place);
  [[nodiscard]] const Place& place_of(const Process& process) const {
    return process.task == kNoTask ? agent_ : tasks_[process.task];
  }
  void link_all(Pass& pass) const;
  void store_process(Pass& pass, const Process& process, std::size_t number);
  void store_idle(Pass& pass, CpuId cpu);
  void describe(const Pass& pass, const Task& task, guest::TaskStruct& now) const;
  void describe_scx(const Pass& pass, const Task& task, guest::SchedExtEntity& now) const;

  Place agent_;
  std::vector<Place> tasks_;                    // by TaskId
  std::vector<Mirror<guest::TaskStruct>> idle_; // by CPU; the first is init_task
  DsqMirrors queues_;
  std::vector<guest::ListHead> runnable_; // by CPU
};

} // namespace schedrig::mock

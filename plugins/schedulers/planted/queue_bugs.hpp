// SPDX-License-Identifier: MIT
// Policies with several queues, and what goes wrong between a queue and the CPUs that take from it.
#pragma once

#include "plugins/schedulers/planted/planted.hpp"

namespace schedrig::planted {

// A queue for each CPU. A task whose CPU is busy goes to an idle one's queue; the bug: nobody wakes
// that CPU, which has gone to sleep and looks into no queue.
class MissedKick final : public PlantedPolicy {
 public:
  using PlantedPolicy::PlantedPolicy;

  Status on_init() override {
    for (std::uint32_t cpu = 0; cpu < kernel().nr_cpus(); ++cpu) {
      if (Status status = create_dsq(cpu); !status.ok()) {
        return status;
      }
    }
    return {};
  }
  void on_enqueue(const SimTask& task, std::uint64_t enq_flags) override {
    const std::int32_t idle = kernel().pick_idle_cpu(task.cpus_allowed);
    const auto cpu = static_cast<std::uint32_t>(idle >= 0 ? idle : task.cpu);
    kernel().dsq_insert(task, cpu, kSliceDefaultNs, enq_flags);
    if (idle >= 0 && !buggy()) {
      kernel().kick_cpu(cpu, kKickIdle);
    }
  }
  void on_dispatch(std::int32_t cpu, const SimTask* /*prev*/) override {
    kernel().dsq_move_to_local(static_cast<std::uint64_t>(cpu));
  }
};

// A shared queue, and one for each CPU's pinned tasks. The bug: the pinned ones have their turn
// when the shared queue is empty, which on a busy machine is never.
class PinnedLast final : public PlantedPolicy {
 public:
  using PlantedPolicy::PlantedPolicy;

  Status on_init() override {
    for (std::uint64_t queue = kShared; queue <= kernel().nr_cpus(); ++queue) {
      if (Status status = create_dsq(queue); !status.ok()) {
        return status;
      }
    }
    return {};
  }
  void on_enqueue(const SimTask& task, std::uint64_t enq_flags) override {
    std::uint32_t allowed = 0;
    for (std::uint32_t cpu = 0; cpu < kernel().nr_cpus(); ++cpu) {
      allowed += may_use(task, cpu) ? 1U : 0U;
    }
    const std::uint64_t queue = allowed == 1 ? pinned_on(task.cpu) : kShared;
    kernel().dsq_insert(task, queue, kSliceDefaultNs, enq_flags);
  }
  void on_dispatch(std::int32_t cpu, const SimTask* /*prev*/) override {
    const std::uint64_t first = buggy() ? kShared : pinned_on(cpu);
    const std::uint64_t second = buggy() ? pinned_on(cpu) : kShared;
    if (!kernel().dsq_move_to_local(first)) {
      kernel().dsq_move_to_local(second);
    }
  }

 private:
  static constexpr std::uint64_t kShared = 0;
  static std::uint64_t pinned_on(std::int32_t cpu) { return static_cast<std::uint64_t>(cpu) + 1; }
};

// Two cells, each with a queue; groups belong to one or the other, and CPUs are dealt out to the
// cells that have tasks. The bug: they are dealt out once, when all are in the first.
class EmptyCell final : public PlantedPolicy {
 public:
  using PlantedPolicy::PlantedPolicy;

  Status on_init() override {
    for (std::uint64_t cell = 0; cell < kCells; ++cell) {
      if (Status status = create_dsq(cell); !status.ok()) {
        return status;
      }
    }
    return {};
  }
  // The root's tasks are in the first cell, those of groups in the second.
  void on_enqueue(const SimTask& task, std::uint64_t enq_flags) override {
    kernel().dsq_insert(task, task.groups.empty() ? 0 : 1, kSliceDefaultNs, enq_flags);
  }
  void on_dispatch(std::int32_t cpu, const SimTask* /*prev*/) override {
    const std::uint64_t own = static_cast<std::uint64_t>(cpu) % kCells;
    if (buggy()) {
      kernel().dsq_move_to_local(0);
    } else if (!kernel().dsq_move_to_local(own)) {
      kernel().dsq_move_to_local(1 - own); // rather than idle
    }
  }

 private:
  static constexpr std::uint64_t kCells = 2;
};

} // namespace schedrig::planted

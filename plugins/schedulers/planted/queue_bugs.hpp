// SPDX-License-Identifier: MIT
// Policies with several queues, and what goes wrong between a queue and the CPUs that take from it.
#pragma once

#include <algorithm>
#include <vector>

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

// One queue; whose slice is over gets another where nobody waits. The bug: nobody looks whether
// somebody does, so that a task which never sleeps keeps its CPU.
class KeepsRunning final : public PlantedPolicy {
 public:
  using PlantedPolicy::PlantedPolicy;

  Status on_init() override { return create_dsq(kShared); }
  void on_enqueue(const SimTask& task, std::uint64_t enq_flags) override {
    kernel().dsq_insert(task, kShared, kSliceDefaultNs, enq_flags);
    if (const std::int32_t idle = kernel().pick_idle_cpu(task.cpus_allowed); idle >= 0) {
      kernel().kick_cpu(static_cast<std::uint32_t>(idle), kKickIdle);
    }
  }
  void on_dispatch(std::int32_t /*cpu*/, const SimTask* prev) override {
    if (prev != nullptr && (buggy() || kernel().dsq_nr_queued(kShared) == 0)) {
      kernel().set_slice(*prev, kSliceDefaultNs);
    } else {
      kernel().dsq_move_to_local(kShared);
    }
  }

 private:
  static constexpr std::uint64_t kShared = 0;
};

// Tasks share a quota of CPU time in each period; who comes when it is used up is put aside. The
// bug: where nobody runs there seems to be nothing to give back.
class UnrefilledQuota final : public PlantedPolicy {
 public:
  using PlantedPolicy::PlantedPolicy;

  Status on_init() override {
    kernel().start_timer(kPeriodNs);
    const Status status = create_dsq(kShared);
    return status.ok() ? create_dsq(kAside) : status;
  }
  void on_enable(const SimTask& task) override {
    ran_until_.resize(std::max<std::size_t>(ran_until_.size(), task.index + 1));
    ran_until_[task.index] = task.sum_exec_ns;
  }
  void on_enqueue(const SimTask& task, std::uint64_t enq_flags) override {
    kernel().dsq_insert(task, used_ns_ < kQuotaNs ? kShared : kAside, kSliceDefaultNs, enq_flags);
  }
  void on_dispatch(std::int32_t /*cpu*/, const SimTask* /*prev*/) override {
    kernel().dsq_move_to_local(kShared);
  }
  void on_stopping(const SimTask& task, bool /*still_runnable*/) override {
    used_ns_ += task.sum_exec_ns - ran_until_[task.index];
    ran_until_[task.index] = task.sum_exec_ns;
  }
  void on_timer() override {
    if (!buggy() || somebody_runs()) {
      refill();
    }
    kernel().start_timer(kPeriodNs);
  }

 private:
  static constexpr std::uint64_t kShared = 0;
  static constexpr std::uint64_t kAside = 1;
  static constexpr std::int64_t kPeriodNs = 100'000'000; // cpu.max's default
  static constexpr std::int64_t kQuotaNs = 60'000'000;

  [[nodiscard]] bool somebody_runs() {
    for (std::uint32_t cpu = 0; cpu < kernel().nr_cpus(); ++cpu) {
      if (kernel().cpu_curr(cpu) != nullptr) {
        return true;
      }
    }
    return false;
  }

  void refill() {
    used_ns_ = 0;
    for (std::int32_t aside = kernel().dsq_nr_queued(kAside); aside > 0; --aside) {
      const SimTask* const first = find_queued(kAside, [](const SimTask&) { return true; });
      kernel().dsq_move(*first, kAside, kShared, 0);
    }
    for (std::uint32_t cpu = 0; cpu < kernel().nr_cpus(); ++cpu) {
      kernel().kick_cpu(cpu, kKickIdle);
    }
  }

  std::int64_t used_ns_ = 0;
  std::vector<std::int64_t> ran_until_; // by SimTask::index: CPU time that has been accounted
};

} // namespace schedrig::planted

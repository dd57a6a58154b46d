// SPDX-License-Identifier: MIT
// Policies with one queue, and what goes wrong with what they remember of a task.
#pragma once

#include <algorithm>
#include <vector>

#include "plugins/schedulers/planted/planted.hpp"

namespace schedrig::planted {

// Each task has a home CPU, to whose local queue it goes. The bug: the home stays what it was when
// the task's mask changes.
class StaleMask final : public PlantedPolicy {
 public:
  using PlantedPolicy::PlantedPolicy;

  void on_enable(const SimTask& task) override {
    homes_.resize(std::max<std::size_t>(homes_.size(), task.index + 1));
    choose_home(task);
  }
  void on_set_cpumask(const SimTask& task) override {
    if (!buggy() && task.index < homes_.size()) {
      choose_home(task);
    }
  }
  void on_enqueue(const SimTask& task, std::uint64_t enq_flags) override {
    kernel().dsq_insert(task, kDsqLocalOn | homes_[task.index], kSliceDefaultNs, enq_flags);
  }

 private:
  // CPUs in turn, so that homes are spread.
  void choose_home(const SimTask& task) {
    do {
      next_ = (next_ + 1) % kernel().nr_cpus();
    } while (!may_use(task, next_));
    homes_[task.index] = next_;
  }

  std::vector<std::uint32_t> homes_; // by SimTask::index
  std::uint32_t next_ = 0;
};

// A shared queue, and a note of who is in it, against inserting a task twice. The bug: the note is
// taken away when the task runs, and not when the kernel takes the task out of the queue to change
// it; it is put back in vain.
class LostOnChange final : public PlantedPolicy {
 public:
  using PlantedPolicy::PlantedPolicy;

  Status on_init() override { return create_dsq(kShared); }
  void on_enable(const SimTask& task) override {
    queued_.resize(std::max<std::size_t>(queued_.size(), task.index + 1));
    queued_[task.index] = false;
  }
  void on_quiescent(const SimTask& task, std::uint64_t /*deq_flags*/) override {
    if (!buggy()) {
      queued_[task.index] = false;
    }
  }
  void on_running(const SimTask& task) override { queued_[task.index] = false; }
  void on_enqueue(const SimTask& task, std::uint64_t enq_flags) override {
    if (queued_[task.index]) {
      kernel().print("in the queue already: pid " + std::to_string(task.pid));
      return;
    }
    queued_[task.index] = true;
    kernel().dsq_insert(task, kShared, kSliceDefaultNs, enq_flags);
  }
  void on_dispatch(std::int32_t /*cpu*/, const SimTask* /*prev*/) override {
    kernel().dsq_move_to_local(kShared);
  }

 private:
  static constexpr std::uint64_t kShared = 0;
  std::vector<bool> queued_; // by SimTask::index
};

// One queue in the order of virtual time; a task begins one slice before the present. The bug:
// virtual times are compared as plain numbers, and at attach one slice before zero is a very large
// one: who has run once is never late again.
class VtimeUnderflow final : public PlantedPolicy {
 public:
  using PlantedPolicy::PlantedPolicy;

  Status on_init() override { return create_dsq(kShared); }
  void on_enable(const SimTask& task) override {
    ran_until_.resize(std::max<std::size_t>(ran_until_.size(), task.index + 1));
    ran_until_[task.index] = task.sum_exec_ns;
    kernel().set_dsq_vtime(task, now_ - kSliceDefaultNs);
  }
  void on_enqueue(const SimTask& task, std::uint64_t enq_flags) override {
    kernel().dsq_insert_vtime(task, kShared, kSliceDefaultNs, task.dsq_vtime, enq_flags);
  }
  void on_dispatch(std::int32_t cpu, const SimTask* prev) override {
    if (prev != nullptr) {
      account(*prev);
      const SimTask* const first = find_queued(kShared, [cpu](const SimTask& task) {
        return may_use(task, static_cast<std::uint32_t>(cpu));
      });
      if (first == nullptr || !before(first->dsq_vtime, prev->dsq_vtime)) {
        kernel().set_slice(*prev, kSliceDefaultNs);
        return;
      }
    }
    kernel().dsq_move_to_local(kShared);
  }
  void on_running(const SimTask& task) override {
    now_ = before(now_, task.dsq_vtime) ? task.dsq_vtime : now_;
    ran_until_[task.index] = task.sum_exec_ns;
  }
  void on_stopping(const SimTask& task, bool /*still_runnable*/) override { account(task); }

 private:
  static constexpr std::uint64_t kShared = 0;

  [[nodiscard]] bool before(std::uint64_t a, std::uint64_t b) const {
    return buggy() ? a < b : static_cast<std::int64_t>(a - b) < 0;
  }
  void account(const SimTask& task) {
    const auto ran = static_cast<std::uint64_t>(task.sum_exec_ns - ran_until_[task.index]);
    kernel().set_dsq_vtime(task, task.dsq_vtime + ran);
    ran_until_[task.index] = task.sum_exec_ns;
  }

  std::uint64_t now_ = 0;
  std::vector<std::int64_t> ran_until_; // by SimTask::index: CPU time that has been accounted
};

} // namespace schedrig::planted

// SPDX-License-Identifier: MIT
// Vtime: one shared queue in the order of virtual time. A task's virtual time grows by the CPU time
// that it uses, divided by its weight; who has least runs next. CPU time is shared by weight as
// long as the heaviest task does not need more than one CPU. Weights of cgroups do not matter to
// it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <schedrig/sim_policy_adapter.hpp>

namespace schedrig::vtime {

class Vtime final : public PolicyBase {
 public:
  explicit Vtime(ParamsView params)
      : slice_ns_(static_cast<std::uint64_t>(
            param_integer(params, "slice", static_cast<std::int64_t>(kSliceDefaultNs)))) {}

  Status on_init() override { return create_dsq(kShared); }

  void on_enable(const SimTask& task) override {
    ran_until_.resize(std::max<std::size_t>(ran_until_.size(), task.index + 1));
    kernel().set_dsq_vtime(task, now_);
  }

  // A sleeper may have saved one slice, no more: else it would have the CPU to itself for as long
  // as it slept.
  void on_enqueue(const SimTask& task, std::uint64_t enq_flags) override {
    const std::uint64_t earliest = now_ - slice_ns_;
    const std::uint64_t vtime = before(task.dsq_vtime, earliest) ? earliest : task.dsq_vtime;
    kernel().dsq_insert_vtime(task, kShared, slice_ns_, vtime, enq_flags);
  }

  // Whose slice has ended is not in the queue yet: it goes on as long as it has least.
  void on_dispatch(std::int32_t cpu, const SimTask* prev) override {
    if (prev != nullptr) {
      account(*prev);
      const SimTask* first =
          find_queued(kShared, [cpu](const SimTask& task) { return may_use(task, cpu); });
      if (first == nullptr || !before(first->dsq_vtime, prev->dsq_vtime)) {
        reach(prev->dsq_vtime);
        kernel().set_slice(*prev, slice_ns_);
        return;
      }
    }
    kernel().dsq_move_to_local(kShared);
  }

  void on_running(const SimTask& task) override {
    reach(task.dsq_vtime);
    ran_until_[task.index] = task.sum_exec_ns;
  }

  void on_stopping(const SimTask& task, bool /*still_runnable*/) override { account(task); }

 private:
  static constexpr std::uint64_t kShared = 0;
  static constexpr std::uint64_t kNice0Weight = 100;

  // Virtual times wrap, as the kernel's do (time_before64).
  [[nodiscard]] static bool before(std::uint64_t a, std::uint64_t b) {
    return static_cast<std::int64_t>(a - b) < 0;
  }

  [[nodiscard]] static bool may_use(const SimTask& task, std::int32_t cpu) {
    const auto bit = static_cast<std::uint32_t>(cpu);
    return ((task.cpus_allowed[bit / 64] >> (bit % 64)) & 1U) != 0;
  }

  // Virtual time is that of the task that was chosen last; it never goes back.
  void reach(std::uint64_t vtime) {
    if (before(now_, vtime)) {
      now_ = vtime;
    }
  }

  void account(const SimTask& task) {
    const auto ran = static_cast<std::uint64_t>(task.sum_exec_ns - ran_until_[task.index]);
    kernel().set_dsq_vtime(task, task.dsq_vtime + (ran * kNice0Weight / task.weight));
    ran_until_[task.index] = task.sum_exec_ns;
  }

  std::uint64_t slice_ns_;
  std::uint64_t now_ = 0;
  std::vector<std::int64_t> ran_until_; // by SimTask::index: CPU time that has been accounted
};

} // namespace schedrig::vtime

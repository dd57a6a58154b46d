// SPDX-License-Identifier: MIT
// Central: one CPU decides for all. A CPU that needs a task says so and kicks the central one,
// which takes the task from the shared queue and puts it into that CPU's local queue. Tasks run
// with an infinite slice, so that other CPUs need no tick; a timer ends the turn of who ran for
// `slice` while others wait. Weights do not matter to it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <schedrig/sim_policy_adapter.hpp>

namespace schedrig::central {

class Central : public PolicyBase {
 public:
  explicit Central(ParamsView params)
      : central_(static_cast<std::uint32_t>(param_integer(params, "cpu", 0))),
        slice_ns_(param_integer(params, "slice", static_cast<std::int64_t>(kSliceDefaultNs))) {}

  // A task whose turn has ended is enqueued like any other, whoever else is there: what runs next
  // is for the central CPU to say.
  [[nodiscard]] SimOps on_ops() const override {
    SimOps ops;
    ops.flags = kOpsEnqLast;
    return ops;
  }

  Status on_init() override {
    const std::uint32_t cpus = kernel().nr_cpus();
    if (central_ >= cpus) {
      const std::string message = "cpu = " + std::to_string(central_) + " does not exist";
      const std::string help = "the machine has CPUs 0 to " + std::to_string(cpus - 1);
      return Status::make(StatusCode::kInvalidArgument, message, help);
    }
    cpus_.resize(cpus);
    kernel().start_timer(kTimerNs);
    return create_dsq(kShared);
  }

  // Wake-ups go to the central CPU where they may: it has to look at them anyway.
  std::int32_t on_select_cpu(const SimTask& task, std::int32_t prev_cpu,
                             std::uint64_t /*wake_flags*/) override {
    return may_use(task, central_) ? static_cast<std::int32_t>(central_) : prev_cpu;
  }

  void on_enqueue(const SimTask& task, std::uint64_t enq_flags) override {
    kernel().dsq_insert(task, kShared, kSliceInfinite, enq_flags);
    // Only what woke up is worth the central CPU's turn: its own task comes here too when a kick
    // ends that turn.
    kernel().kick_cpu(central_, (enq_flags & kEnqWakeup) != 0 ? kKickPreempt : kKickIdle);
  }

  void on_dispatch(std::int32_t cpu, const SimTask* prev) override {
    const auto asking = static_cast<std::uint32_t>(cpu);
    cpus_[asking].needs_task = true;
    if (asking != central_) {
      kernel().kick_cpu(central_, kKickPreempt);
      return;
    }
    // A kick for the others' sake does not end the turn of the central CPU's own task.
    if (prev != nullptr && !turn_is_over(central_)) {
      kernel().set_slice(*prev, kSliceInfinite);
      cpus_[central_].needs_task = false;
    }
    for (std::uint32_t each = 0; each < cpus_.size(); ++each) {
      if (kernel().dsq_nr_queued(kShared) == 0) {
        return;
      }
      if (cpus_[each].needs_task) {
        give_task_to(each);
      }
    }
  }

  void on_running(const SimTask& task) override {
    Cpu& cpu = cpus_[static_cast<std::uint32_t>(task.cpu)];
    cpu.needs_task = false;
    cpu.since_ns = kernel().now_ns();
  }
  void on_update_idle(std::uint32_t cpu, bool idle) override { cpus_[cpu].needs_task = idle; }

  void on_timer() override {
    kernel().start_timer(kTimerNs);
    if (kernel().dsq_nr_queued(kShared) == 0) {
      return;
    }
    kernel().kick_cpu(central_, kKickIdle);
    for (std::uint32_t each = 0; each < cpus_.size(); ++each) {
      if (kernel().cpu_curr(each) != nullptr && turn_is_over(each)) {
        kernel().kick_cpu(each, kKickPreempt);
      }
    }
  }

 private:
  static constexpr std::uint64_t kShared = 0;
  // How late a turn may end.
  static constexpr std::int64_t kTimerNs = 1'000'000;

  struct Cpu {
    bool needs_task = true;
    std::int64_t since_ns = 0; // its task runs
  };

  [[nodiscard]] static bool may_use(const SimTask& task, std::uint32_t cpu) {
    return ((task.cpus_allowed[cpu / 64] >> (cpu % 64)) & 1U) != 0;
  }

  [[nodiscard]] bool turn_is_over(std::uint32_t cpu) const {
    return kernel().now_ns() - cpus_[cpu].since_ns >= slice_ns_;
  }

  void give_task_to(std::uint32_t cpu) {
    const SimTask* task =
        find_queued(kShared, [cpu](const SimTask& each) { return may_use(each, cpu); });
    if (task != nullptr && kernel().dsq_move(*task, kShared, kDsqLocalOn | cpu, 0)) {
      cpus_[cpu].needs_task = false;
      kernel().kick_cpu(cpu, kKickIdle);
    }
  }

  std::uint32_t central_;
  std::int64_t slice_ns_;
  std::vector<Cpu> cpus_;
};

} // namespace schedrig::central

// SPDX-License-Identifier: MIT
// Attaching, replacing and ejecting policies: every task is handed over, in index order, as
// scx_enable() and scx_disable_workfn() do.
#include "plugins/mock/sim/engine.hpp"

namespace schedrig::mock {

Status Engine::attach(SimPolicy& policy, std::string_view name) {
  SimPolicy* const previous = policy_;
  if (previous != nullptr) {
    leave_policy(*previous);
  }
  std::vector<Dsq> previous_dsqs(dsqs_.begin() + first_user_dsq_, dsqs_.end());
  dsqs_.resize(first_user_dsq_);
  auto previous_ids = std::exchange(user_dsqs_, {});

  context_ = {Where::kInit, kNoTask, kNoCpu};
  Status status = policy.init(*this);
  context_ = {};
  if (failed_) {
    failed_ = false;
    if (status.ok()) {
      status = Status::make(StatusCode::kInvalidArgument, "scheduler '" + std::string(name) +
                                                              "' failed in init: " + exit_message_);
    }
  }
  if (!status.ok()) {
    dsqs_.resize(first_user_dsq_);
    dsqs_.insert(dsqs_.end(), previous_dsqs.begin(), previous_dsqs.end());
    user_dsqs_ = std::move(previous_ids);
    if (previous != nullptr) {
      const std::string previous_name = policy_name_;
      enter_policy(*previous, previous_name);
    }
    return status;
  }
  enter_policy(policy, name);
  return status;
}

// Every runnable task leaves the policy's and the machine's queues; states stay as they are.
void Engine::leave_policy(SimPolicy& policy) {
  for (TaskId id = 0; id < tasks_.size(); ++id) {
    Task& task = tasks_[id];
    if (task.state == TaskState::kFree || task.state == TaskState::kDead) {
      continue;
    }
    const Context other{Where::kOther, id, kNoCpu};
    if (task.state == TaskState::kRunning) {
      charge(static_cast<CpuId>(task.sim.cpu));
      call_policy(other, [&] { policy.stopping(task.sim, false); });
      call_policy(other, [&] { policy.quiescent(task.sim, 0); });
    } else if (task.state == TaskState::kRunnable) {
      dequeue(id, 0);
      call_policy(other, [&] { policy.quiescent(task.sim, 0); });
    }
    task.ddsp_dsq = kDsqInvalid;
    policy.exit_task(task.sim); // also of an ejected policy
  }
}

void Engine::enter_policy(SimPolicy& policy, std::string_view name) {
  policy_ = &policy;
  policy_name_ = name;
  ++policy_generation_;
  for (TaskId id = 0; id < tasks_.size(); ++id) {
    Task& task = tasks_[id];
    if (task.state == TaskState::kFree || task.state == TaskState::kDead) {
      continue;
    }
    const Context other{Where::kOther, id, kNoCpu};
    task.sim.slice_ns = kSliceDefaultNs;
    task.sim.dsq_vtime = 0;
    call_policy(other, [&] { policy_->init_task(task.sim); });
    call_policy(other, [&] { policy_->set_weight(task.sim); });
    call_policy(other, [&] { policy_->set_cpumask(task.sim); });
    if (task.state == TaskState::kRunning) {
      call_policy(other, [&] { policy_->runnable(task.sim, 0); });
      call_policy(other, [&] { policy_->running(task.sim); });
    } else if (task.state == TaskState::kRunnable) {
      const Nanos queued_at = task.queued_at;
      make_runnable(id, 0);
      task.queued_at = queued_at;
    }
  }
  if (policy_ != fallback_) {
    events_.push(now_ + (kWatchdogTimeoutNs / 2), SimEventKind::kWatchdog, 0, policy_generation_);
  }
  finish_context();
}

// scx_disable_workfn() after an error.
void Engine::eject() {
  SimPolicy* const ejected = policy_;
  const std::string name = policy_name_;
  const std::string message = exit_message_;
  ++stats_.ejections;
  leave_policy(*ejected); // failed_ is still set: nothing but exit_task reaches the policy
  dsqs_.resize(first_user_dsq_);
  user_dsqs_.clear();
  inserts_.clear();
  failed_ = false;
  context_ = {Where::kInit, kNoTask, kNoCpu};
  static_cast<void>(fallback_->init(*this)); // was initialised before; makes its queues again
  context_ = {};
  enter_policy(*fallback_, "fallback");
  listener_.on_scheduler_exit(exit_kind_, name, message);
}

} // namespace schedrig::mock

// SPDX-License-Identifier: MIT
// Attaching, replacing and ejecting policies: every task is handed over, in index order, as
// scx_enable() and scx_disable_workfn() do.
#include <algorithm>
#include <cerrno>

#include "plugins/mock/sim/engine.hpp"

namespace schedrig::mock {

namespace {

SimOps ops_of(SimPolicy& policy) {
  SimOps ops;
  policy.ops(&ops);
  return ops;
}

} // namespace

// The policy's ops.exit. It has no say any more: an error that it reports is nobody's.
void Engine::tell_exit(SimPolicy& policy, const SchedulerExit& info) {
  const bool failed = std::exchange(failed_, true);
  const CallbackTrace::Call at_work(callbacks_, "exit");
  policy.exit(info);
  failed_ = failed;
}

Status Engine::attach(SimPolicy& policy, std::string_view name) {
  const SimOps ops = ops_of(policy);
  if (ops.timeout_ns < 0 || ops.timeout_ns > kWatchdogTimeoutNs) {
    return Status::make(StatusCode::kOs,
                        "scheduler '" + std::string(name) + "' asks for a watchdog timeout of " +
                            std::to_string(ops.timeout_ns / 1'000'000) + " ms",
                        "the kernel allows 30000 ms at most (SCX_WATCHDOG_MAX_TIMEOUT)", E2BIG);
  }
  SimPolicy* const previous = policy_;
  if (previous != nullptr) {
    leave_policy(*previous);
    failed_ = false; // who leaves cannot be ejected any more
  }
  std::vector<Dsq> previous_dsqs(dsqs_.begin() + first_user_dsq_, dsqs_.end());
  dsqs_.resize(first_user_dsq_);
  auto previous_ids = std::exchange(user_dsqs_, {});
  const Nanos previous_timer_at = std::exchange(policy_timer_at_, kNever);
  ++policy_timer_generation_;
  log_.clear();

  context_ = {Where::kInit, kNoTask, kNoCpu};
  Status status;
  {
    const CallbackTrace::Call at_work(callbacks_, "init");
    status = policy.init(*this);
  }
  context_ = {};
  if (failed_) {
    failed_ = false;
    if (status.ok()) {
      status = Status::make(
          StatusCode::kInvalidArgument,
          "scheduler '" + std::string(name) + "' failed in init: " + exit_.message, exit_.help);
    }
  }
  if (!status.ok()) {
    dsqs_.resize(first_user_dsq_);
    dsqs_.insert(dsqs_.end(), previous_dsqs.begin(), previous_dsqs.end());
    user_dsqs_ = std::move(previous_ids);
    policy_timer_at_ = kNever;
    ++policy_timer_generation_;
    if (previous_timer_at != kNever) {
      start_timer(previous_timer_at - now_);
    }
    if (previous != nullptr) {
      const std::string previous_name = policy_name_;
      enter_policy(*previous, previous_name);
    }
    return status;
  }
  if (previous != nullptr) {
    const std::string previous_name = policy_name_;
    SchedulerExit info;
    info.kind = kExitUnreg;
    info.at_ns = now_;
    info.scheduler = previous_name;
    info.reason = exit_kind_info(kExitUnreg).reason;
    tell_exit(*previous, info);
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
      call_policy("stopping", other, [&] { policy.stopping(task.sim, false); });
      call_policy("quiescent", other, [&] { policy.quiescent(task.sim, 0); });
    } else if (task.state == TaskState::kRunnable) {
      dequeue(id, 0);
      call_policy("quiescent", other, [&] { policy.quiescent(task.sim, 0); });
    }
    task.ddsp_dsq = kDsqInvalid;
    const CallbackTrace::Call at_work(callbacks_, "disable or exit_task");
    policy.disable(task.sim); // also of an ejected policy
    policy.exit_task(task.sim);
  }
}

void Engine::enter_policy(SimPolicy& policy, std::string_view name) {
  policy_ = &policy;
  policy_name_ = name;
  ++policy_generation_;
  ops_ = ops_of(policy);
  if (ops_.timeout_ns == 0) {
    ops_.timeout_ns = kWatchdogTimeoutNs;
  }
  if (watchdog_limit_ns_ != 0) {
    ops_.timeout_ns = std::min(ops_.timeout_ns, watchdog_limit_ns_);
  }
  for (TaskId id = 0; id < tasks_.size(); ++id) { // a policy cannot create tasks
    Task& task = tasks_[id];
    if (task.state == TaskState::kFree || task.state == TaskState::kDead) {
      continue;
    }
    const Context other{Where::kOther, id, kNoCpu};
    task.sim.slice_ns = kSliceDefaultNs;
    task.sim.dsq_vtime = 0;
    call_policy("init_task", other, [&] { policy_->init_task(task.sim); });
    call_policy("enable", other, [&] { policy_->enable(task.sim); });
    call_policy("set_weight", other, [&] { policy_->set_weight(task.sim); });
    call_policy("set_cpumask", other, [&] { policy_->set_cpumask(task.sim); });
    if (task.state == TaskState::kRunning) {
      call_policy("runnable", other, [&] { policy_->runnable(task.sim, 0); });
      call_policy("running", other, [&] { policy_->running(task.sim); });
    } else if (task.state == TaskState::kRunnable) {
      const Nanos queued_at = task.queued_at;
      make_runnable(id, 0);
      task.queued_at = queued_at;
    }
  }
  if (policy_ != fallback_) {
    events_.push(now_ + (ops_.timeout_ns / 2), SimEventKind::kWatchdog, 0, policy_generation_);
  }
  finish_context();
}

// scx_disable_workfn() after an error, or after scx_bpf_exit().
void Engine::eject() {
  listener_.on_ejecting(exit_.kind);
  SimPolicy* const ejected = policy_;
  const std::string name = policy_name_;
  const PolicyExit exit = exit_;
  const std::string log = joined_log();
  const std::string state = dump();
  const SchedulerExit info{.pid = exit.pid,
                           .kind = exit.kind,
                           .code = exit.code,
                           .at_ns = now_,
                           .runnable_since_ns = exit.runnable_since,
                           .scheduler = name,
                           .reason = exit_kind_info(exit.kind).reason,
                           .message = exit.message,
                           .help = exit.help,
                           .task = exit.comm,
                           .log = log,
                           .dump = state};
  ++stats_.ejections;
  leave_policy(
      *ejected); // failed_ is still set: nothing but disable and exit_task reach the policy
  tell_exit(*ejected, info);
  dsqs_.resize(first_user_dsq_);
  user_dsqs_.clear();
  inserts_.clear();
  log_.clear();
  policy_timer_at_ = kNever;
  ++policy_timer_generation_;
  failed_ = false;
  context_ = {Where::kInit, kNoTask, kNoCpu};
  static_cast<void>(fallback_->init(*this)); // was initialised before; makes its queues again
  context_ = {};
  enter_policy(*fallback_, "fallback");
  listener_.on_scheduler_exit(info);
}

} // namespace schedrig::mock

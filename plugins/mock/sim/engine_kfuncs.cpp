// SPDX-License-Identifier: MIT
// The rarer half of SimKernel: walking and moving between DSQs, the policy's timer, time that
// callbacks take, exits that the policy asks for (kernel/sched/ext.c, Linux 6.18).
#include <algorithm>

#include "plugins/mock/sim/engine.hpp"

namespace schedrig::mock {
namespace {

// No callback of a kernel takes longer and leaves a machine behind.
constexpr Nanos kMaxDelayNs = 3'600'000'000'000;

} // namespace

void Engine::dsq_for_each(std::uint64_t dsq, SimTaskVisitor& visitor) const noexcept {
  const std::uint32_t index = find_dsq(dsq);
  if (index == kNoDsq) {
    return;
  }
  static_cast<void>(
      dsq_find(dsqs_[index], tasks_, [&](const Task& task) { return !visitor.on_task(task.sim); }));
}

// scx_dsq_move().
bool Engine::dsq_move(const SimTask& sim, std::uint64_t from, std::uint64_t to,
                      std::uint64_t enq_flags) noexcept {
  if (failed_) {
    return false;
  }
  if (context_.where != Where::kDispatch && context_.where != Where::kTimer) {
    fail_policy(kExitError, "scx_bpf_dsq_move() called from an operation that may not move",
                "move tasks in on_dispatch or on_timer");
    return false;
  }
  const TaskId id = check_task(sim, "scx_bpf_dsq_move()");
  const std::uint32_t index = find_dsq(from);
  if (id == kNoTask || index == kNoDsq || tasks_[id].dsq != index) {
    return false; // gone since it was seen there, as the kernel's iterator allows
  }
  flush_inserts(context_.cpu);
  take_from_dsq(id);
  const CpuId local =
      context_.cpu != kNoCpu ? context_.cpu : static_cast<CpuId>(tasks_[id].sim.cpu);
  dispatch_to({id, to, enq_flags, 0, false}, local, true);
  return true;
}

void Engine::start_timer(std::int64_t delay_ns) noexcept {
  policy_timer_at_ = now_ + std::max<Nanos>(delay_ns, 1);
  events_.push(policy_timer_at_, SimEventKind::kPolicyTimer, 0, ++policy_timer_generation_);
}

void Engine::on_policy_timer(std::uint32_t generation) {
  if (generation != policy_timer_generation_) {
    return; // started anew, or of a policy that left
  }
  policy_timer_at_ = kNever;
  call_policy("timer", {Where::kTimer, kNoTask, kNoCpu}, [&] { policy_->timer(); });
}

void Engine::delay(std::int64_t duration_ns) noexcept {
  const CpuId cpu = context_.cpu != kNoCpu ? context_.cpu : context_cpu_;
  if (cpu != kNoCpu) {
    cpus_[cpu].callback_ns += std::clamp<Nanos>(duration_ns, 0, kMaxDelayNs);
  }
}

// Nothing runs on the CPU while it is in callbacks.
void Engine::spend_callback_time(CpuId id) {
  Cpu& cpu = cpus_[id];
  const Nanos until =
      std::max(std::max(cpu.work_start, cpu.switch_end), now_) + std::exchange(cpu.callback_ns, 0);
  if (cpu.curr != kNoTask) {
    charge(id);
    cpu.work_start = until;
    arm_step(id);
  }
  cpu.switch_end = cpu.callback_until = until;
}

void Engine::exit(std::int64_t code, std::string_view message) noexcept {
  if (!failed_) {
    fail_policy(kExitUnregBpf, std::string(message));
    exit_.code = code;
  }
}

void Engine::error(std::string_view message) noexcept {
  fail_policy(kExitErrorBpf, std::string(message));
}

} // namespace schedrig::mock

// SPDX-License-Identifier: MIT
// What policies may ask of the machine, and the kernel's rules on it: the dispatch path of
// kernel/sched/ext.c (Linux 6.18). A broken rule ends the policy with the kernel's exit kind and
// a message of the same form; the offending task goes to the global DSQ meanwhile.
#include <algorithm>
#include <cerrno>

#include "plugins/mock/sim/engine.hpp"

namespace schedrig::mock {
namespace {

constexpr std::uint64_t kBuiltin = 1ULL << 63U;                       // SCX_DSQ_FLAG_BUILTIN
constexpr std::uint64_t kLocalOnCpuMask = 0xFFFFFFFF;                 // SCX_DSQ_LOCAL_CPU_MASK
constexpr std::uint64_t kInternalEnqFlags = 0xFF00'0000'0000'0000ULL; // __SCX_ENQ_INTERNAL_MASK

std::string hex(std::uint64_t value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  do {
    text.insert(text.begin(), kDigits[value & 0xFU]);
    value >>= 4U;
  } while (value != 0);
  return "0x" + text;
}

} // namespace

bool Engine::check_cpu(std::int64_t cpu, std::string_view where, TaskId about) {
  if (cpu >= 0 && cpu < static_cast<std::int64_t>(cpus())) {
    return true;
  }
  fail_policy(kExitError, "invalid CPU " + std::to_string(cpu) + std::string(where),
              "CPUs are 0 to " + std::to_string(cpus() - 1) + ": nr_cpus() says how many there are",
              about);
  return false;
}

TaskId Engine::check_task(const SimTask& sim, std::string_view call) {
  const TaskId id = sim.index;
  if (id < tasks_.size() && &tasks_[id].sim == &sim && tasks_[id].state != TaskState::kFree) {
    return id;
  }
  fail_policy(kExitError, std::string(call) + " called with a task that does not exist",
              "forget a task in on_exit_task: afterwards its SimTask may be another task's");
  return kNoTask;
}

// do_enqueue_task().
void Engine::enqueue(TaskId id, std::uint64_t enq_flags) {
  Task& task = tasks_[id];
  if (!failed_ && task.ddsp_dsq == kDsqInvalid) {
    ++stats_.policy_enqueues;
    call_policy("enqueue", {Where::kEnqueue, id, kNoCpu},
                [&] { policy_->enqueue(task.sim, enq_flags); });
  }
  const std::uint64_t dsq = std::exchange(task.ddsp_dsq, kDsqInvalid);
  if (dsq != kDsqInvalid && !failed_) {
    dispatch_to({id, dsq, task.ddsp_flags | enq_flags, task.ddsp_vtime, task.ddsp_priq},
                static_cast<CpuId>(task.sim.cpu), false);
  } else if (failed_) { // bypass: the global DSQ
    task.sim.slice_ns = kSliceDefaultNs;
    push_dsq(cpus() + cpus_[static_cast<CpuId>(task.sim.cpu)].place.node, id, 0, 0, false);
  } else {
    task.holder = Holder::kPolicy;
  }
}

// ops_dequeue() and dispatch_dequeue(): the task is nobody's afterwards.
void Engine::dequeue(TaskId id, std::uint64_t deq_flags) {
  Task& task = tasks_[id];
  if (task.holder == Holder::kPolicy) {
    task.holder = Holder::kNone;
    call_policy("dequeue", {Where::kOther, id, kNoCpu},
                [&] { policy_->dequeue(task.sim, deq_flags); });
  } else {
    take_from_dsq(id);
  }
}

void Engine::take_from_dsq(TaskId id) {
  Task& task = tasks_[id];
  if (task.dsq != kNoDsq) {
    dsq_remove(dsqs_[task.dsq], tasks_, id);
  }
  task.holder = Holder::kNone;
}

void Engine::move_task_cpu(Task& task, CpuId cpu) {
  if (task.sim.cpu == static_cast<std::int32_t>(cpu)) {
    return;
  }
  if (task.sim.cpu >= 0) { // set_task_cpu() of a new task is no migration
    ++task.migrations;
    ++stats_.migrations;
  }
  task.sim.cpu = static_cast<std::int32_t>(cpu);
}

std::uint32_t Engine::find_dsq(std::uint64_t id) const {
  const auto at = std::lower_bound(user_dsqs_.begin(), user_dsqs_.end(), std::pair(id, 0U));
  return at != user_dsqs_.end() && at->first == id ? at->second : kNoDsq;
}

// find_dsq_for_dispatch() and dispatch_to_local_dsq(). `local` is what SCX_DSQ_LOCAL means.
void Engine::dispatch_to(const BufferedInsert& what, CpuId local, bool enforce_local) {
  Task& task = tasks_[what.task];
  std::uint32_t target = cpus() + cpus_[static_cast<CpuId>(task.sim.cpu)].place.node;
  const bool local_on = (what.dsq & kDsqLocalOn) == kDsqLocalOn;
  if (what.dsq == kDsqLocal || local_on) {
    const CpuId cpu = local_on ? static_cast<CpuId>(what.dsq & kLocalOnCpuMask) : local;
    if (local_on && !check_cpu(cpu, " in SCX_DSQ_LOCAL_ON dispatch verdict", what.task)) {
      // stays with the global DSQ
    } else if (task.sim.cpu != static_cast<std::int32_t>(cpu) && (local_on || enforce_local) &&
               !task.allowed.test(cpu)) {
      fail_policy(kExitError,
                  "SCX_DSQ_LOCAL[_ON] target CPU " + std::to_string(cpu) + " not allowed for " +
                      describe(task),
                  "task pid " + std::to_string(task.sim.pid) + " may not run on CPU " +
                      std::to_string(cpu) +
                      ": look at its cpus_allowed before kDsqLocalOn, or use kDsqLocal from "
                      "on_dispatch through dsq_move_to_local, which skips such tasks",
                  what.task);
    } else {
      move_task_cpu(task, cpu);
      target = cpu;
    }
  } else if (what.dsq != kDsqGlobal) {
    const std::uint32_t user = find_dsq(what.dsq);
    if (user == kNoDsq) {
      fail_policy(kExitError, "non-existent DSQ " + hex(what.dsq) + " for " + describe(task),
                  "task pid " + std::to_string(task.sim.pid) + " was inserted into DSQ " +
                      std::to_string(what.dsq) + ", which does not exist: create_dsq(" +
                      std::to_string(what.dsq) + ") in on_init",
                  what.task);
    } else {
      target = user;
    }
  }
  push_dsq(target, what.task, what.flags, what.vtime, what.priq);
}

// dispatch_enqueue().
void Engine::push_dsq(std::uint32_t index, TaskId id, std::uint64_t flags, std::uint64_t vtime,
                      bool priq) {
  Dsq& dsq = dsqs_[index];
  Task& task = tasks_[id];
  if (priq && index < first_user_dsq_) {
    fail_policy(kExitError, "cannot use vtime ordering for built-in DSQs",
                "dsq_insert_vtime needs a DSQ of the policy's own: create_dsq(id) in on_init", id);
    priq = false;
  }
  if (priq ? dsq.head != kNoTask : !dsq.by_vtime.empty()) {
    fail_policy(kExitError,
                "DSQ ID " + hex(dsq.id) + " already had " + (priq ? "FIFO" : "PRIQ") +
                    "-enqueued tasks",
                "use either dsq_insert or dsq_insert_vtime for one DSQ, never both", id);
  }
  if (priq) {
    task.sim.dsq_vtime = vtime;
    dsq_push_vtime(dsq, tasks_, id);
  } else {
    dsq_push_fifo(dsq, tasks_, id, (flags & (kEnqHead | kEnqPreempt)) != 0);
  }
  task.dsq = index;
  task.holder = Holder::kDsq;
  if (index < cpus()) {
    Cpu& cpu = cpus_[index];
    if (cpu.curr == kNoTask) {
      resched(index);
    } else if ((flags & kEnqPreempt) != 0 && cpu.curr != id) {
      charge(index);
      tasks_[cpu.curr].sim.slice_ns = 0;
      resched(index);
    }
  }
}

// finish_dispatch() of what a dispatch callback inserted. Tasks that the policy does not own any
// more are skipped without a word, as in the kernel: it may race with their dequeue.
void Engine::flush_inserts(CpuId cpu) {
  dispatched_ += static_cast<std::uint32_t>(inserts_.size());
  for (const BufferedInsert& what : inserts_) {
    Task& task = tasks_[what.task];
    if (task.state != TaskState::kRunnable || task.holder != Holder::kPolicy) {
      ++stats_.dispatch_ignored;
      continue;
    }
    task.holder = Holder::kNone;
    dispatch_to(what, cpu, true);
  }
  inserts_.clear();
}

// consume_dispatch_q(): the first task of the queue that may run on `cpu` goes to its local DSQ.
bool Engine::consume(std::uint32_t index, CpuId cpu) {
  const TaskId id = dsq_find(dsqs_[index], tasks_, [cpu](const Task& task) {
    return task.sim.cpu == static_cast<std::int32_t>(cpu) || task.allowed.test(cpu);
  });
  if (id == kNoTask) {
    return false;
  }
  take_from_dsq(id);
  move_task_cpu(tasks_[id], cpu);
  push_dsq(cpu, id, 0, 0, false);
  return true;
}

// scx_dsq_insert_preamble() and _commit().
void Engine::insert(const SimTask& sim, std::uint64_t dsq, std::uint64_t slice, std::uint64_t flags,
                    std::uint64_t vtime, bool priq) {
  if (failed_) {
    return;
  }
  const TaskId id = check_task(sim, "scx_bpf_dsq_insert()");
  if (id == kNoTask) {
    return;
  }
  if ((flags & kInternalEnqFlags) != 0) {
    fail_policy(kExitError, "invalid enq_flags " + hex(flags),
                "pass 0, kEnqHead, kEnqPreempt, or the enq_flags that on_enqueue was given", id);
    return;
  }
  ++stats_.policy_inserts;
  Task& task = tasks_[id];
  const auto set_slice_ns = [&] {
    task.sim.slice_ns = slice != 0 ? slice : std::max<std::uint64_t>(task.sim.slice_ns, 1);
  };
  if (context_.where == Where::kSelectCpu || context_.where == Where::kEnqueue) {
    if (context_.task != id) {
      fail_policy(kExitError,
                  "scheduling for " + describe(tasks_[context_.task]) +
                      " but trying to direct-dispatch " + describe(task),
                  "on_select_cpu and on_enqueue may insert only the task that they are given; move "
                  "others in on_dispatch",
                  id);
    } else if (task.ddsp_dsq != kDsqInvalid) {
      fail_policy(kExitError, describe(task) + " already direct-dispatched",
                  "task pid " + std::to_string(task.sim.pid) +
                      " was inserted twice: insert it once, in on_select_cpu or in on_enqueue",
                  id);
    } else {
      set_slice_ns();
      task.ddsp_dsq = dsq;
      task.ddsp_flags = flags;
      task.ddsp_vtime = vtime;
      task.ddsp_priq = priq;
    }
  } else if (context_.where == Where::kDispatch) {
    if (inserts_.size() >= kDispatchMaxBatch) {
      fail_policy(kExitError, "dispatch buffer overflow",
                  "one on_dispatch may insert " + std::to_string(kDispatchMaxBatch) +
                      " tasks at most: leave the rest for the next call",
                  id);
      return;
    }
    set_slice_ns();
    inserts_.push_back({id, dsq, flags, vtime, priq});
  } else {
    fail_policy(kExitError, "scx_bpf_dsq_insert() called from an operation that may not insert",
                "insert in on_select_cpu, on_enqueue or on_dispatch", id);
  }
}

void Engine::dsq_insert(const SimTask& task, std::uint64_t dsq, std::uint64_t slice_ns,
                        std::uint64_t enq_flags) noexcept {
  insert(task, dsq, slice_ns, enq_flags, 0, false);
}

void Engine::dsq_insert_vtime(const SimTask& task, std::uint64_t dsq, std::uint64_t slice_ns,
                              std::uint64_t vtime, std::uint64_t enq_flags) noexcept {
  insert(task, dsq, slice_ns, enq_flags, vtime, true);
}

bool Engine::dsq_move_to_local(std::uint64_t dsq) noexcept {
  if (failed_) {
    return false;
  }
  if (context_.where != Where::kDispatch) {
    fail_policy(kExitError, "scx_bpf_dsq_move_to_local() called outside of ops.dispatch()",
                "move tasks in on_dispatch; elsewhere kick_cpu makes a CPU call it");
    return false;
  }
  flush_inserts(context_.cpu);
  const std::uint32_t index = find_dsq(dsq);
  if (index == kNoDsq) {
    fail_policy(kExitError, "invalid DSQ ID " + hex(dsq),
                "DSQ " + std::to_string(dsq) + " does not exist: create_dsq(" +
                    std::to_string(dsq) + ") in on_init");
    return false;
  }
  if (!consume(index, context_.cpu)) {
    return false;
  }
  ++dispatched_;
  return true;
}

std::int32_t Engine::create_dsq(std::uint64_t dsq) noexcept {
  if ((dsq & kBuiltin) != 0) {
    return -EINVAL;
  }
  if (find_dsq(dsq) != kNoDsq) {
    return -EEXIST;
  }
  const std::pair entry(dsq, static_cast<std::uint32_t>(dsqs_.size()));
  dsqs_.push_back({.id = dsq, .by_vtime = {}});
  user_dsqs_.insert(std::lower_bound(user_dsqs_.begin(), user_dsqs_.end(), entry), entry);
  return 0;
}

std::int32_t Engine::dsq_nr_queued(std::uint64_t dsq) const noexcept {
  std::uint32_t index = kNoDsq;
  if (dsq == kDsqLocal) {
    index = context_.cpu != kNoCpu ? context_.cpu : context_cpu_;
  } else if ((dsq & kDsqLocalOn) == kDsqLocalOn) {
    const std::uint64_t cpu = dsq & kLocalOnCpuMask;
    index = cpu < cpus() ? static_cast<std::uint32_t>(cpu) : kNoDsq;
  } else {
    index = find_dsq(dsq);
  }
  return index == kNoDsq ? -ENOENT : static_cast<std::int32_t>(dsqs_[index].nr);
}

void Engine::set_dsq_vtime(const SimTask& sim, std::uint64_t vtime) noexcept {
  if (const TaskId id = check_task(sim, "scx_bpf_task_set_dsq_vtime()"); id != kNoTask) {
    Task& task = tasks_[id];
    // The key of a queued task is fixed at insertion (the kernel keeps its tree, unsorted).
    if (task.dsq == kNoDsq || !task.in_vtime_order) {
      task.sim.dsq_vtime = vtime;
    }
  }
}

void Engine::set_slice(const SimTask& sim, std::uint64_t slice_ns) noexcept {
  if (const TaskId id = check_task(sim, "scx_bpf_task_set_slice()"); id != kNoTask) {
    tasks_[id].sim.slice_ns = slice_ns;
  }
}

void Engine::kick_cpu(std::uint32_t id, std::uint64_t flags) noexcept {
  if (failed_ || !check_cpu(id, "")) {
    return;
  }
  if ((flags & kKickIdle) != 0 && (flags & kKickPreempt) != 0) {
    fail_policy(kExitError, "PREEMPT/WAIT cannot be used with SCX_KICK_IDLE",
                "kick with kKickIdle or with kKickPreempt, not with both");
    return;
  }
  Cpu& cpu = cpus_[id];
  if ((flags & kKickIdle) != 0 && cpu.curr != kNoTask) {
    return;
  }
  if ((flags & kKickPreempt) != 0) {
    cpu.preempt = true;
  }
  resched(id, kIrqWorkNs);
}

bool Engine::cpu_is_idle(std::uint32_t cpu) const noexcept {
  return idle_.test(cpu);
}

bool Engine::test_and_clear_cpu_idle(std::uint32_t cpu) noexcept {
  if (failed_ || !check_cpu(cpu, "") || !idle_.test(cpu)) {
    return false;
  }
  idle_.clear(cpu);
  return true;
}

std::int32_t Engine::pick_idle_cpu(std::span<const std::uint64_t> allowed) noexcept {
  const CpuId cpu = idle_.first_and(allowed);
  if (cpu == kNoCpu) {
    return -EBUSY;
  }
  idle_.clear(cpu);
  return static_cast<std::int32_t>(cpu);
}

const SimTask* Engine::cpu_curr(std::uint32_t cpu) const noexcept {
  return cpu < cpus() && cpus_[cpu].curr != kNoTask ? &tasks_[cpus_[cpu].curr].sim : nullptr;
}

std::uint32_t Engine::cpu_node(std::uint32_t cpu) const noexcept {
  return cpu < cpus() ? cpus_[cpu].place.node : 0;
}
std::uint32_t Engine::cpu_llc(std::uint32_t cpu) const noexcept {
  return cpu < cpus() ? cpus_[cpu].place.llc : 0;
}
std::uint32_t Engine::cpu_core(std::uint32_t cpu) const noexcept {
  return cpu < cpus() ? cpus_[cpu].place.core : 0;
}

} // namespace schedrig::mock

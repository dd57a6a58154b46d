// SPDX-License-Identifier: MIT
#include "plugins/mock/kernel/task_mirrors.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#include "plugins/mock/sim/weights.hpp"

namespace schedrig::mock {
namespace {

// include/linux/sched.h of Linux 6.18.
constexpr std::uint32_t kInterruptible = 0x1;
constexpr std::uint32_t kTaskDead = 0x80;
constexpr std::uint32_t kTaskNew = 0x800;
constexpr std::uint32_t kFreezable =
    0x2000; // with kInterruptible: what do_freezer_trap() sleeps in
constexpr std::int32_t kExitZombie = 0x20;
constexpr std::uint32_t kPfExiting = 0x4;
constexpr std::uint32_t kPfIdle = 0x2;
constexpr std::uint32_t kPolicyIdle = 5; // SCHED_IDLE
constexpr std::int32_t kDefaultPrio = 120;
constexpr std::int32_t kMaxPrio = 140;
constexpr std::uint32_t kLoadShift = 10; // scale_load()
constexpr std::string_view kAgentName = "schedrig-agent";

std::uint64_t load_weight(std::int32_t nice, bool idle_policy) {
  const std::uint64_t weight =
      idle_policy ? kIdleWeight : kPrioToWeight[static_cast<std::size_t>(std::int64_t{nice} + 20)];
  return weight << kLoadShift;
}

void set_comm(guest::TaskStruct& now, std::string_view name) {
  std::copy_n(name.begin(), std::min(name.size(), now.comm.size() - 1), now.comm.begin());
}

std::uint32_t state_of(TaskState state) {
  switch (state) {
  case TaskState::kNew:
    return kTaskNew;
  case TaskState::kSleeping:
    return kInterruptible;
  case TaskState::kFrozen:
    return kInterruptible | kFreezable;
  case TaskState::kDead:
    return kTaskDead;
  default:
    return 0; // a throttled one is runnable
  }
}

std::uint64_t unsigned_of(Nanos ns) {
  return static_cast<std::uint64_t>(std::max<Nanos>(ns, 0));
}

} // namespace

struct TaskMirrors::Pass {
  AddressSpace& space;
  const Sources& from;
  const CgroupMirrors& cgroups;
  const std::vector<std::uint64_t>& runqueues;
  Ring all = Ring(0);
  std::vector<Ring> waiting = {};                  // by CPU
  std::vector<std::size_t> number_in_waiting = {}; // by TaskId

  [[nodiscard]] std::uint64_t css_set(std::uint32_t cgroup) const {
    const CgroupTree& tree = from.cgroups;
    const bool gone = cgroup >= tree.size() || !tree.at(cgroup).live; // a zombie's
    return cgroups.css_set(space, gone ? 0 : cgroup);
  }
};

std::uint64_t TaskMirrors::linear(const AddressSpace& space,
                                  const Mirror<guest::TaskStruct>& task) {
  return task.physical() == space.image_physical(layout::kInitTask) ? space.image(layout::kInitTask)
                                                                    : space.direct(task.physical());
}

std::uint64_t TaskMirrors::current(const AddressSpace& space, const Engine& engine,
                                   CpuId cpu) const {
  const TaskId curr = engine.cpu(cpu).curr;
  return curr == kNoTask ? idle(space, cpu) : linear(space, tasks_[curr].task);
}

CpuId TaskMirrors::cpu_at(std::uint64_t physical) const {
  const auto holds = [&](const Place& place) {
    return place.task.placed() && physical - place.task.physical() < sizeof(guest::TaskStruct);
  };
  const auto found = std::ranges::find_if(tasks_, holds);
  return found == tasks_.end() ? 0 : found->task.stored().thread_info.cpu;
}

Result<> TaskMirrors::place(AddressSpace& space, Place& place) {
  if (!place.task.placed()) {
    place.task = Mirror<guest::TaskStruct>(TRY(space.allocate(sizeof(guest::TaskStruct))));
    place.signal = Mirror<guest::SignalStruct>(TRY(space.allocate(sizeof(guest::SignalStruct))));
  }
  return {};
}

Result<> TaskMirrors::place_all(AddressSpace& space, const Sources& from) {
  while (idle_.size() < from.engine.cpus()) {
    idle_.emplace_back(idle_.empty() ? space.image_physical(layout::kInitTask)
                                     : TRY(space.allocate(sizeof(guest::TaskStruct))));
  }
  TRY(place(space, agent_));
  tasks_.resize(std::max<std::size_t>(tasks_.size(), from.engine.tasks().size()));
  for (const auto& [pid, process] : from.processes.all()) {
    if (process.task != kNoTask) {
      TRY(place(space, tasks_[process.task]));
    }
  }
  return {};
}

void TaskMirrors::link_all(Pass& pass) const {
  const Engine& engine = pass.from.engine;
  pass.all = Ring(pass.space.image(layout::kInitTask) + offsetof(guest::TaskStruct, tasks));
  for (const std::uint64_t runqueue : pass.runqueues) {
    pass.waiting.emplace_back(runqueue + offsetof(guest::Rq, scx) +
                              offsetof(guest::ScxRq, runnable_list));
  }
  pass.number_in_waiting.resize(engine.tasks().size());
  std::vector<TaskId> waiting;
  for (const auto& [pid, process] : pass.from.processes.all()) {
    pass.all.add(linear(pass.space, place_of(process).task) + offsetof(guest::TaskStruct, tasks));
    if (pass.from.sched_ext() && process.task != kNoTask &&
        engine.tasks()[process.task].state == TaskState::kRunnable) {
      waiting.push_back(process.task);
    }
  }
  std::ranges::stable_sort(waiting, {}, [&](TaskId id) { return engine.tasks()[id].runnable_at; });
  for (const TaskId id : waiting) {
    Ring& ring = pass.waiting[static_cast<std::size_t>(engine.tasks()[id].sim.cpu)];
    pass.number_in_waiting[id] = ring.size();
    ring.add(linear(pass.space, tasks_[id].task) + offsetof(guest::TaskStruct, scx) +
             offsetof(guest::SchedExtEntity, runnable_node));
  }
}

void TaskMirrors::describe_scx(const Pass& pass, const Task& task,
                               guest::SchedExtEntity& now) const {
  queues_.describe(task.sim.index, now);
  if (task.state == TaskState::kRunnable) {
    now.runnable_node = pass.waiting[static_cast<std::size_t>(task.sim.cpu)].node(
        pass.number_in_waiting[task.sim.index]);
  }
}

void TaskMirrors::describe(const Pass& pass, const Task& task, guest::TaskStruct& now) const {
  const bool waits = task.state == TaskState::kRunnable;
  const bool idle_policy = task.sim.policy == kPolicyIdle;
  now.thread_info.cpu = static_cast<std::uint32_t>(std::max(task.sim.cpu, 0));
  now.state = state_of(task.state);
  now.on_cpu = task.state == TaskState::kRunning ? 1 : 0;
  now.on_rq = waits || now.on_cpu != 0 || task.state == TaskState::kThrottled ? 1 : 0;
  now.prio = now.static_prio = now.normal_prio = kDefaultPrio + task.sim.nice;
  now.se.load_weight = load_weight(task.sim.nice, idle_policy);
  now.se.sum_exec_runtime = unsigned_of(task.sim.sum_exec_ns);
  now.scx.slice = task.sim.slice_ns;
  now.scx.dsq_vtime = task.sim.dsq_vtime;
  now.scx.weight = task.sim.weight;
  now.scx.runnable_at = jiffies_at(task.runnable_at);
  now.policy = task.sim.policy;
  now.nr_cpus_allowed = static_cast<std::int32_t>(task.nr_allowed);
  now.cpus_mask.bits = task.allowed.words;
  now.sched_info = {.run_delay = unsigned_of(task.run_delay),
                    .last_queued = waits ? unsigned_of(task.queued_at) : 0};
  now.nvcsw = task.switches_voluntary;
  now.nivcsw = task.switches_involuntary;
  now.start_time = now.start_boottime = unsigned_of(std::max<Nanos>(task.created_at, 1));
  now.comm = task.comm;
  if (task.state == TaskState::kRunning) {
    now.se.exec_start = unsigned_of(pass.from.engine.cpu(now.thread_info.cpu).exec_start);
  }
  if (pass.from.sched_ext() && task.state != TaskState::kDead) {
    describe_scx(pass, task, now.scx);
  }
}

void TaskMirrors::store_process(Pass& pass, const Process& process, std::size_t number) {
  Place& place = process.task == kNoTask ? agent_ : tasks_[process.task];
  AddressSpace& space = pass.space;
  const std::uint64_t at = linear(space, place.task);
  const std::uint64_t signal = space.direct(place.signal.physical());
  const std::uint64_t node =
      at + offsetof(guest::TaskStruct, scx) + offsetof(guest::SchedExtEntity, runnable_node);
  guest::TaskStruct now;
  now.usage = 2; // its own and the list's
  now.tasks = pass.all.node(number);
  now.thread_node = {.next = signal, .prev = signal};
  now.pid = now.tgid = process.pid;
  now.group_leader = at;
  now.signal = signal;
  now.cgroups = pass.css_set(process.cgroup);
  now.sched_class = space.image(pass.from.sched_ext() && !process.zombie ? layout::kExtClass
                                                                         : layout::kFairClass);
  now.scx.runnable_node = {.next = node, .prev = node};
  if (process.task != kNoTask) {
    describe(pass, pass.from.engine.tasks()[process.task], now);
    const Process* const parent = pass.from.processes.find(process.parent);
    now.real_parent = linear(space, parent == nullptr ? agent_.task : place_of(*parent).task);
  } else { // the agent: it sleeps, and what it does costs no CPU time
    now.state = kInterruptible;
    now.prio = now.static_prio = now.normal_prio = kDefaultPrio;
    now.se.load_weight = load_weight(0, false);
    now.nr_cpus_allowed = static_cast<std::int32_t>(pass.from.engine.cpus());
    now.cpus_mask.bits = CpuMask::first_n(pass.from.engine.cpus()).words;
    now.start_time = now.start_boottime = 1;
    now.real_parent = linear(space, idle_[0]);
    set_comm(now, kAgentName);
  }
  if (process.zombie) {
    now.exit_state = kExitZombie;
    now.flags = kPfExiting;
    now.exit_code =
        process.task == kNoTask ? 0 : pass.from.engine.tasks()[process.task].wait_status;
  }
  const guest::ListHead threads = {.next = at + offsetof(guest::TaskStruct, thread_node),
                                   .prev = at + offsetof(guest::TaskStruct, thread_node)};
  const guest::SignalStruct group = {.thread_head = threads, .nr_threads = 1};
  const auto created_at = static_cast<Nanos>(now.start_boottime);
  if (place.pid != process.pid || place.created_at != created_at) {
    place.pid = process.pid;
    place.created_at = created_at;
    place.task.create(space.ram(), now);
    place.signal.create(space.ram(), group);
  } else {
    place.task.store(space.ram(), now);
    place.signal.store(space.ram(), group);
  }
}

void TaskMirrors::store_idle(Pass& pass, CpuId cpu) {
  AddressSpace& space = pass.space;
  const std::uint64_t at = linear(space, idle_[cpu]);
  const std::uint64_t node =
      at + offsetof(guest::TaskStruct, scx) + offsetof(guest::SchedExtEntity, runnable_node);
  const std::uint64_t tasks = at + offsetof(guest::TaskStruct, tasks);
  guest::TaskStruct now;
  now.thread_info.cpu = cpu;
  now.usage = 2;
  now.flags = kPfIdle;
  now.on_cpu = pass.from.engine.cpu(cpu).curr == kNoTask ? 1 : 0;
  now.on_rq = 1;
  now.prio = now.static_prio = now.normal_prio = kMaxPrio;
  now.se.load_weight = kIdleWeight << kLoadShift;
  now.scx.runnable_node = {.next = node, .prev = node};
  now.sched_class = space.image(layout::kIdleClass);
  now.nr_cpus_allowed = 1;
  now.cpus_mask.bits[cpu / 64] = 1ULL << (cpu % 64);
  now.tasks = cpu == 0 ? pass.all.head() : guest::ListHead{.next = tasks, .prev = tasks};
  now.group_leader = at;
  now.real_parent = linear(space, idle_[0]);
  now.cgroups = pass.css_set(0);
  set_comm(now, "swapper/" + std::to_string(cpu));
  idle_[cpu].store(space.ram(), now);
}

Result<> TaskMirrors::store(AddressSpace& space, const Sources& from, const CgroupMirrors& cgroups,
                            const std::vector<std::uint64_t>& runqueues) {
  TRY(place_all(space, from));
  Pass pass{.space = space, .from = from, .cgroups = cgroups, .runqueues = runqueues};
  link_all(pass);
  TRY(queues_.store(space, from, runqueues,
                    [&](TaskId id) { return linear(space, tasks_[id].task); }));
  std::size_t number = 0;
  for (const auto& [pid, process] : from.processes.all()) {
    store_process(pass, process, number++);
  }
  for (CpuId cpu = 0; cpu < from.engine.cpus(); ++cpu) {
    store_idle(pass, cpu);
  }
  runnable_.clear();
  for (const Ring& ring : pass.waiting) {
    runnable_.push_back(ring.head());
  }
  return {};
}

} // namespace schedrig::mock

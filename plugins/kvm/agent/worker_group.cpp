// SPDX-License-Identifier: MIT
// Forking, starting, stopping and reporting a group of workers.
#include "agent/worker_group.hpp"

#include <algorithm>
#include <csignal>
#include <new>

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <schedrig/work_check.hpp>

#include "agent/clock.hpp"
#include "agent/futex.hpp"
#include "agent/worker.hpp"
#include "vmm/unique_fd.hpp"

namespace schedrig::agent {
namespace {

using kvm::UniqueFd;

Result<> check(const WorkSpec& spec) {
  TRY(from_status(check_work_spec(spec)));
  if (std::ranges::any_of(spec.cpus, [](std::uint32_t cpu) { return cpu >= CPU_SETSIZE; })) {
    return fail(StatusCode::kInvalidArgument,
                "affinity names a CPU above " + std::to_string(CPU_SETSIZE - 1));
  }
  if (waits_for_words(spec.type) && !can_wait_for_change()) {
    return fail(StatusCode::kUnsupported,
                "work type '" + std::string(work_type_info(spec.type).name) +
                    "' needs futex_waitv(2), which the guest's kernel lacks",
                "use a kernel from Linux 5.16 on");
  }
  return {};
}

bool has_pipes(WorkType type) noexcept {
  return type == WorkType::kPipeIo || type == WorkType::kCachePipe;
}

bool shares_events(const WorkSpec& spec) noexcept {
  return spec.type == WorkType::kSequence &&
         std::ranges::any_of(spec.phases,
                             [](const WorkPhase& phase) { return phase.kind >= PhaseKind::kLock; });
}

// `count` objects for the agent and its workers. kOs.
template <class T> Result<T*> map_shared(std::uint32_t count, std::string_view what) {
  void* memory =
      ::mmap(nullptr, sizeof(T) * count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return fail_errno(errno, "mmap of " + std::to_string(count) + " " + std::string(what));
  }
  auto* objects = static_cast<T*>(memory);
  for (std::uint32_t i = 0; i < count; ++i) {
    new (objects + i) T;
  }
  return objects;
}

// Pipes of one pair: [0] carries from the first to the second worker, [1] back.
struct PairPipes {
  UniqueFd read_end[2];
  UniqueFd write_end[2];
};

Result<PairPipes> make_pipes() {
  PairPipes pipes;
  for (int i = 0; i < 2; ++i) {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) {
      return fail_errno(errno, "pipe2 for a pair of workers");
    }
    pipes.read_end[i].reset(fds[0]);
    pipes.write_end[i].reset(fds[1]);
  }
  return pipes;
}

// The agent's descriptors, and the partner's ends of pipes: what the partner alone holds must end
// when the partner ends, then a read sees it.
void close_all_but(int first, int second) noexcept {
  auto from = static_cast<unsigned>(STDERR_FILENO) + 1;
  const auto [low, high] = std::minmax(first, second);
  for (const int kept : {low, high}) {
    if (kept < static_cast<int>(from)) {
      continue; // none
    }
    const auto number = static_cast<unsigned>(kept);
    if (number > from) {
      ::close_range(from, number - 1, 0);
    }
    from = number + 1;
  }
  ::close_range(from, ~0U, 0);
}

[[noreturn]] void child(const WorkerContext& context, pid_t agent) noexcept {
  ::setpgid(0, 0);
  ::prctl(PR_SET_NAME, "schedrig-worker");
  // Outside a guest the agent is not PID 1, and its death ends nobody else.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != agent) {
    ::_exit(1);
  }
  close_all_but(context.read_fd, context.write_fd);
  run_worker(context);
}

int kernel_policy(SchedClass policy) noexcept {
  switch (policy) {
  case SchedClass::kBatch:
    return SCHED_BATCH;
  case SchedClass::kIdle:
    return SCHED_IDLE;
  case SchedClass::kNormal:
    break;
  }
  return SCHED_OTHER;
}

} // namespace

Result<std::unique_ptr<WorkerGroup>> WorkerGroup::spawn(const WorkSpec& spec,
                                                        SharedEvents& events) {
  TRY(check(spec));
  SharedEvent* const shared = shares_events(spec) ? TRY(events.map()) : nullptr;
  std::unique_ptr<WorkerGroup> group(new WorkerGroup(spec));
  TRY(group->map_memory());
  if (shared != nullptr) {
    group->events_ = &events;
    events.group_begins();
  }
  TRY(group->fork_workers(shared));
  return group;
}

WorkerGroup::WorkerGroup(const WorkSpec& spec)
    : spec_(spec), cpus_(spec.cpus.begin(), spec.cpus.end()),
      phases_(spec.phases.begin(), spec.phases.end()),
      team_size_(work_group_size(spec.type, spec.fan_out, spec.contenders)) {
  spec_.cpus = cpus_;
  spec_.phases = phases_;
}

WorkerGroup::~WorkerGroup() {
  kill_remaining();
  if (slots_ != nullptr) {
    ::munmap(slots_, sizeof(WorkerSlot) * spec_.workers);
  }
  if (teams_ != nullptr) {
    ::munmap(teams_, sizeof(TeamState) * teams());
  }
  if (events_ != nullptr) {
    events_->group_ends();
  }
}

Result<> WorkerGroup::map_memory() {
  slots_ = TRY(map_shared<WorkerSlot>(spec_.workers, "worker slots"));
  teams_ = TRY(map_shared<TeamState>(teams(), "teams of workers"));
  return {};
}

Result<> WorkerGroup::fork_workers(SharedEvent* events) {
  const bool piped = has_pipes(spec_.type);
  const pid_t agent = ::getpid();
  PairPipes pipes;
  workers_.reserve(spec_.workers);
  for (std::uint32_t i = 0; i < spec_.workers; ++i) {
    const std::uint32_t member = i % team_size_;
    if (piped && member == 0) {
      pipes = TRY(make_pipes());
    }
    WorkerContext context{.spec = &spec_,
                          .slot = slots_ + i,
                          .index = i,
                          .member = member,
                          .team = teams_ + i / team_size_,
                          .events = events};
    if (team_size_ == 2) {
      context.partner = slots_ + (i ^ 1U);
    }
    if (piped) {
      context.read_fd = pipes.read_end[1 - member].get();
      context.write_fd = pipes.write_end[member].get();
    }
    const pid_t pid = ::fork();
    if (pid < 0) {
      return fail_errno(errno, "fork of worker " + std::to_string(i) + " of " +
                                   std::to_string(spec_.workers));
    }
    if (pid == 0) {
      child(context, agent);
    }
    // The child does so, too: whoever comes first, no kill of its group comes before it.
    ::setpgid(pid, pid);
    workers_.push_back({.pid = pid});
  }
  return {};
}

Result<> WorkerGroup::apply_attributes(std::uint32_t index) const {
  const pid_t pid = workers_[index].pid;
  const std::string who =
      " of worker " + std::to_string(index) + " (pid " + std::to_string(pid) + ")";
  const sched_param no_priority{};
  if (spec_.policy != SchedClass::kNormal &&
      ::sched_setscheduler(pid, kernel_policy(spec_.policy), &no_priority) != 0) {
    return fail_errno(errno, "sched_setscheduler" + who);
  }
  if (spec_.nice != 0 && ::setpriority(PRIO_PROCESS, static_cast<id_t>(pid), spec_.nice) != 0) {
    return fail_errno(errno, "setpriority" + who + " to " + std::to_string(spec_.nice));
  }
  if (!spec_.cpus.empty()) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const std::uint32_t cpu : spec_.cpus) {
      CPU_SET(cpu, &set);
    }
    if (::sched_setaffinity(pid, sizeof set, &set) != 0) {
      return fail_errno(errno, "sched_setaffinity" + who + " to " +
                                   std::to_string(spec_.cpus.size()) + " CPUs from " +
                                   std::to_string(spec_.cpus.front()));
    }
  }
  return {};
}

Result<> WorkerGroup::start() {
  if (started_) {
    return fail(StatusCode::kInvalidArgument, "the group has been started before");
  }
  for (std::uint32_t i = 0; i < spec_.workers; ++i) {
    if (workers_[i].reaped) {
      return fail(StatusCode::kGuestFailed, "worker " + std::to_string(i) + " (pid " +
                                                std::to_string(workers_[i].pid) +
                                                ") died before the start");
    }
    TRY(apply_attributes(i));
  }
  started_ = true;
  for (std::uint32_t i = 0; i < spec_.workers; ++i) {
    slots_[i].started_ns = monotonic_ns();
    set_and_wake(slots_[i].gate, Gate::kRun);
  }
  return {};
}

void WorkerGroup::request_stop() noexcept {
  stop_requested_ = true;
  for (std::uint32_t i = 0; i < spec_.workers; ++i) {
    set_and_wake(slots_[i].gate, Gate::kStop);
    if (has_pipes(spec_.type) && !workers_[i].reaped) {
      ::kill(workers_[i].pid, SIGUSR1);
    }
  }
}

void WorkerGroup::kill_remaining() noexcept {
  stop_requested_ = true;
  for (const Worker& worker : workers_) {
    if (!worker.reaped) {
      ::kill(-worker.pid, SIGKILL); // with a child that it has forked
    }
  }
}

bool WorkerGroup::on_exit(pid_t pid, int wait_status, const rusage& usage) noexcept {
  for (Worker& worker : workers_) {
    if (worker.pid == pid && !worker.reaped) {
      worker.reaped = true;
      worker.wait_status = wait_status;
      worker.reaped_ns = monotonic_ns();
      if (events_ != nullptr) {
        events_->release(pid);
      }
      for (const timeval& part : {usage.ru_utime, usage.ru_stime}) {
        worker.usage_ns += part.tv_sec * 1'000'000'000 + part.tv_usec * 1'000;
      }
      return true;
    }
  }
  return false;
}

bool WorkerGroup::all_reaped() const noexcept {
  return std::ranges::all_of(workers_, &Worker::reaped);
}

std::vector<std::int32_t> WorkerGroup::pids() const {
  std::vector<std::int32_t> pids;
  pids.reserve(workers_.size());
  for (const Worker& worker : workers_) {
    pids.push_back(worker.pid);
  }
  return pids;
}

kvm::WorkerReportMessage WorkerGroup::report(std::uint32_t index) const {
  const Worker& worker = workers_[index];
  const WorkerSlot& slot = slots_[index];
  kvm::WorkerReportMessage message;
  WorkerReport& out = message.report;
  out.worker = index;
  out.pid = worker.pid;
  out.wait_status = worker.wait_status;
  out.completed = slot.finished == 1 && worker.wait_status == 0 ? 1 : 0;
  out.work_units = slot.work_units;
  out.iterations = slot.iterations;
  out.migrations = slot.migrations;
  if (out.completed == 1) {
    out.cpu_ns = slot.cpu_ns;
    out.run_delay_ns = slot.run_delay_ns;
    out.wall_ns = slot.ended_ns - slot.started_ns;
  } else if (started_) {
    // A killed worker could not take its own last measure; run delay is gone with its /proc entry.
    out.cpu_ns = worker.usage_ns;
    out.wall_ns = worker.reaped_ns - slot.started_ns;
  }
  for (std::uint32_t cpu = 0; cpu < kvm::kMaxReportedCpus; ++cpu) {
    if ((slot.cpus_used[cpu / 64] >> (cpu % 64) & 1U) != 0) {
      message.cpus_used.push_back(cpu);
    }
  }
  message.gaps.assign(slot.gaps.begin(),
                      slot.gaps.begin() + std::min(slot.gap_count, kGapsPerWorker));
  std::ranges::sort(message.gaps, std::ranges::greater{}, &Gap::length_ns);
  out.wakeups = slot.wakeups;
  const std::uint64_t kept = std::min<std::uint64_t>(slot.wakeups, kWakeLatenciesPerWorker);
  message.wake_latencies_ns.assign(slot.wake_latencies.begin(),
                                   slot.wake_latencies.begin() + static_cast<std::ptrdiff_t>(kept));
  return message;
}

} // namespace schedrig::agent

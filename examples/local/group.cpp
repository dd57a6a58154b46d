// SPDX-License-Identifier: MIT
#include "group.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <new>
#include <string>

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.hpp"

namespace local {
namespace {

// How often a stop is repeated and looked after: a signal that comes just before a worker blocks
// is lost on it.
constexpr timespec kStopPause = {.tv_sec = 0, .tv_nsec = 1'000'000};
constexpr std::int64_t kKillNs = 2'000'000'000; // a killed process is gone in microseconds

Result<> check(const WorkSpec& spec) {
  const WorkTypeInfo& info = work_type_info(spec.type);
  const std::string who =
      std::to_string(spec.workers) + " workers of type '" + std::string(info.name) + "': ";
  if (!can_do(spec.type)) {
    return fail(StatusCode::kUnsupported, who + "backend local has no such type",
                "use spin, yield, bursty or pipe_io, or another backend");
  }
  if (spec.workers == 0 || spec.workers > kMaxWorkersPerGroup ||
      spec.workers % info.group_size != 0) {
    return fail(StatusCode::kInvalidArgument,
                who + "not 1 to " + std::to_string(kMaxWorkersPerGroup) + ", or no multiple of " +
                    std::to_string(info.group_size));
  }
  if (spec.burst_ns < 0 || spec.sleep_ns < 0 || spec.nice < -20 || spec.nice > 19) {
    return fail(StatusCode::kInvalidArgument, who + "burst, sleep or nice is out of range");
  }
  return {};
}

int policy_of(SchedClass policy) {
  return policy == SchedClass::kBatch  ? SCHED_BATCH
         : policy == SchedClass::kIdle ? SCHED_IDLE
                                       : SCHED_OTHER;
}

// [0]: from the even worker of a pair to the odd one, [1]: back.
using PairPipes = std::array<std::array<int, 2>, 2>;
constexpr PairPipes kNoPipes = {{{-1, -1}, {-1, -1}}};

void close_pipes(PairPipes& pipes) {
  for (const auto& pipe : pipes) {
    close(pipe[0]);
    close(pipe[1]);
  }
  pipes = kNoPipes;
}

} // namespace

Result<> pin_process(std::int32_t pid, std::span<const std::uint32_t> cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const std::uint32_t cpu : cpus) {
    if (cpu >= CPU_SETSIZE) {
      return fail(StatusCode::kInvalidArgument, "there is no CPU " + std::to_string(cpu));
    }
    CPU_SET(cpu, &set);
  }
  if (pid < 1 || cpus.empty()) {
    return fail(StatusCode::kInvalidArgument,
                "pin pid " + std::to_string(pid) + " to " + std::to_string(cpus.size()) + " CPUs");
  }
  if (sched_setaffinity(pid, sizeof set, &set) != 0) {
    return fail_errno(errno, "sched_setaffinity of pid " + std::to_string(pid));
  }
  return {};
}

Result<std::unique_ptr<Group>> Group::spawn(const WorkSpec& spec) {
  TRY(check(spec));
  void* memory = mmap(nullptr, sizeof(Slot) * spec.workers, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return fail_errno(errno, "mmap for " + std::to_string(spec.workers) + " workers");
  }
  std::unique_ptr<Group> group(new Group(spec, static_cast<Slot*>(memory)));
  TRY(group->fork_all());
  return group;
}

Group::Group(const WorkSpec& spec, Slot* slots)
    : spec_(spec), cpus_(spec.cpus.begin(), spec.cpus.end()), slots_(slots) {
  spec_.cpus = cpus_;
  std::uninitialized_default_construct_n(slots_, spec_.workers);
}

Group::~Group() {
  (void)wait_until_reaped(clock_ns() + kKillNs, SIGKILL);
  munmap(slots_, sizeof(Slot) * spec_.workers);
}

Result<> Group::fork_all() {
  const pid_t host = getpid();
  const bool paired = spec_.type == WorkType::kPipeIo;
  PairPipes pipes = kNoPipes;
  processes_.reserve(spec_.workers);
  for (std::uint32_t i = 0; i < spec_.workers; ++i) {
    const std::uint32_t side = i % 2;
    if (paired && side == 0 &&
        (pipe2(pipes[0].data(), O_CLOEXEC) != 0 || pipe2(pipes[1].data(), O_CLOEXEC) != 0)) {
      const int os_errno = errno;
      close_pipes(pipes);
      return fail_errno(os_errno, "pipe2 for a pair of workers");
    }
    const pid_t pid = fork();
    if (pid == 0) {
      setpgid(0, 0); // a terminal's Ctrl-C is for the host
      prctl(PR_SET_NAME, "local-worker");
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != host) {
        _exit(1);
      }
      run_worker(spec_, slots_[i], pipes[1 - side][0], pipes[side][1]);
    }
    const int os_errno = errno;
    if (paired && (side == 1 || pid < 0)) {
      close_pipes(pipes);
    }
    if (pid < 0) {
      return fail_errno(os_errno, "fork worker " + std::to_string(i));
    }
    processes_.push_back({.pid = pid});
  }
  return {};
}

std::vector<std::int32_t> Group::pids() const {
  std::vector<std::int32_t> pids;
  pids.reserve(processes_.size());
  for (const Process& process : processes_) {
    pids.push_back(process.pid);
  }
  return pids;
}

Result<> Group::apply_attributes(pid_t pid) const {
  const sched_param none{};
  if (spec_.policy != SchedClass::kNormal &&
      sched_setscheduler(pid, policy_of(spec_.policy), &none) != 0) {
    return fail_errno(errno, "sched_setscheduler of pid " + std::to_string(pid));
  }
  if (spec_.nice != 0 && setpriority(PRIO_PROCESS, static_cast<id_t>(pid), spec_.nice) != 0) {
    return fail_errno(errno, "setpriority of pid " + std::to_string(pid));
  }
  return spec_.cpus.empty() ? Result<>() : pin_process(pid, spec_.cpus);
}

// Attributes come this late because the host moves workers into their cgroup before the start, and
// an affinity counts against the cpuset there.
Result<> Group::start() {
  if (started_) {
    return fail(StatusCode::kInvalidArgument, "the group has been started before");
  }
  for (const Process& process : processes_) {
    TRY(apply_attributes(process.pid));
  }
  started_ = true;
  for (std::uint32_t i = 0; i < spec_.workers; ++i) {
    slots_[i].started_ns = clock_ns();
    open_gate(slots_[i], kWorking);
  }
  return {};
}

bool Group::reap() noexcept {
  for (Process& process : processes_) {
    rusage usage{};
    if (!process.reaped && wait4(process.pid, &process.wait_status, WNOHANG, &usage) != 0) {
      process.reaped = true;
      process.ended_ns = clock_ns();
      for (const timeval& part : {usage.ru_utime, usage.ru_stime}) {
        process.usage_ns += part.tv_sec * 1'000'000'000 + part.tv_usec * 1'000;
      }
    }
  }
  return std::ranges::all_of(processes_, &Process::reaped);
}

void Group::signal_all(int signal) const noexcept {
  for (const Process& process : processes_) {
    if (!process.reaped) {
      kill(process.pid, signal);
    }
  }
}

bool Group::wait_until_reaped(std::int64_t until_ns, int signal) noexcept {
  while (!reap()) {
    if (clock_ns() >= until_ns) {
      return false;
    }
    signal_all(signal);
    nanosleep(&kStopPause, nullptr);
  }
  return true;
}

Result<> Group::stop(std::int64_t grace_ns) {
  for (std::uint32_t i = 0; i < spec_.workers; ++i) {
    open_gate(slots_[i], kStopping);
  }
  // What waits in a read(2) hears signals only.
  const int nudge = spec_.type == WorkType::kPipeIo && started_ ? SIGUSR1 : 0;
  if (wait_until_reaped(clock_ns() + grace_ns, nudge) ||
      wait_until_reaped(clock_ns() + kKillNs, SIGKILL)) {
    return {};
  }
  return fail(StatusCode::kTimeout, "killed workers do not end");
}

void Group::report(std::int64_t boot_ns, WorkerReportSink& sink) const {
  for (std::uint32_t i = 0; i < spec_.workers; ++i) {
    const Slot& slot = slots_[i];
    const Process& process = processes_[i];
    const bool completed = slot.finished == 1 && process.wait_status == 0;
    std::vector<Gap> gaps(slot.gaps.begin(), slot.gaps.begin() + slot.gap_count);
    std::ranges::sort(gaps, std::ranges::greater(), &Gap::length_ns);
    for (Gap& gap : gaps) {
      gap.start_ns -= boot_ns;
    }
    std::vector<std::uint32_t> cpus;
    for (std::uint32_t cpu = 0; cpu < slot.cpus.size() * 64; ++cpu) {
      if ((slot.cpus[cpu / 64] >> (cpu % 64) & 1U) != 0) {
        cpus.push_back(cpu);
      }
    }
    const std::int64_t ended_ns = completed ? slot.ended_ns : process.ended_ns;
    sink.on_report({.worker = i,
                    .pid = process.pid,
                    .completed = completed ? 1U : 0U,
                    .wait_status = process.wait_status,
                    .work_units = slot.units,
                    .iterations = slot.iterations,
                    .migrations = slot.migrations,
                    .cpu_ns = completed  ? slot.cpu_ns
                              : started_ ? process.usage_ns
                                         : 0,
                    .wall_ns = started_ ? ended_ns - slot.started_ns : 0,
                    .run_delay_ns = slot.run_delay_ns,
                    .cpus_used = cpus,
                    .gaps = gaps,
                    .wake_latencies_ns = {}});
  }
}

} // namespace local

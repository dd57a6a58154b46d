// SPDX-License-Identifier: MIT
// What schedrig itself takes of a start on kvm: the time from its own start to the first KVM_RUN,
// and its memory beyond the guest's. Works with any /dev/kvm that creates VMs: the process is
// stopped where the guest would run (first_kvm_run.cpp).
//
//   kvm_start_bench SCHEDRIG SHIM CONFIG [RUNS]     the medians of RUNS starts (default 21)
//   kvm_start_bench SCHEDRIG - CONFIG               the memory during the run itself, the median
//
// Memory: what /proc/PID/smaps says, the mapping of the guest's memfd left out. Private pages are
// schedrig's alone; pages of libraries that other processes have mapped, too, count in part (PSS).
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr int kStartTimeoutMs = 60'000;

struct Memory { // KiB
  std::uint64_t resident = 0;
  std::uint64_t proportional = 0;
  std::uint64_t anonymous = 0;
};

struct Command {
  std::string schedrig;
  std::string shim;
  std::string config;
};

struct Start {
  double ms = 0;
  double cpu_ms = 0;
  double user_ms = 0; // of the CPU time, what was not spent in the kernel
  Memory memory;
};

Memory memory_of(pid_t pid) {
  Memory sum;
  bool of_guest = false;
  std::ifstream smaps("/proc/" + std::to_string(pid) + "/smaps");
  for (std::string line; std::getline(smaps, line);) {
    const std::size_t colon = line.find(": ");
    const bool header = colon == std::string::npos || line.find('-') < colon;
    if (header) {
      of_guest = line.find("memfd:schedrig-guest-ram") != std::string::npos;
    } else if (!of_guest) {
      const std::uint64_t kib = std::strtoull(line.c_str() + colon + 1, nullptr, 10);
      sum.resident += line.starts_with("Rss:") ? kib : 0;
      sum.proportional += line.starts_with("Pss:") ? kib : 0;
      sum.anonymous += line.starts_with("Anonymous:") ? kib : 0;
    }
  }
  return sum;
}

double ms(const timespec& time) {
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

struct Child {
  pid_t pid = -1;
  ~Child() {
    if (pid > 0) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }
};

// As execve(2) wants them.
std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result(words.size() + 1);
  std::ranges::transform(words, result.begin(), [](std::string& word) { return word.data(); });
  return result;
}

// schedrig run CONFIG, its output thrown away. 0 or an errno.
int start(const Command& command, std::vector<std::string> environment, Child& child) {
  std::vector<std::string> words = {command.schedrig, "run", command.config, "--set",
                                    "run.backend=\"kvm\""};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    environment.emplace_back(*variable);
  }
  const std::vector<char*> argv = pointers(words);
  const std::vector<char*> env = pointers(environment);
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    ::posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_WRONLY, 0);
  }
  const int error = ::posix_spawn(&child.pid, argv[0], &files, nullptr, argv.data(), env.data());
  ::posix_spawn_file_actions_destroy(&files);
  return error;
}

// Nothing when it ended, or hung, before it got there.
std::optional<Start> first_kvm_run(const Command& command) {
  std::array<int, 2> reached{};
  if (::pipe(reached.data()) != 0) {
    return std::nullopt;
  }
  ::fcntl(reached[0], F_SETFD, FD_CLOEXEC);
  Child child;
  timespec before{};
  ::clock_gettime(CLOCK_MONOTONIC, &before);
  const int error = start(
      command, {"LD_PRELOAD=" + command.shim, "SCHEDRIG_BENCH_FD=" + std::to_string(reached[1])},
      child);
  ::close(reached[1]);
  std::array<timespec, 3> entry{}; // the time, schedrig's CPU time, user time
  pollfd wait{.fd = reached[0], .events = POLLIN, .revents = 0};
  const bool there = error == 0 && ::poll(&wait, 1, kStartTimeoutMs) == 1 &&
                     ::read(reached[0], entry.data(), sizeof entry) == sizeof entry;
  ::close(reached[0]);
  if (!there) {
    return std::nullopt;
  }
  return Start{.ms = ms(entry[0]) - ms(before),
               .cpu_ms = ms(entry[1]),
               .user_ms = ms(entry[2]),
               .memory = memory_of(child.pid)};
}

template <class T> T median(std::vector<T> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void print(const char* when, const Memory& memory) {
  std::printf(
      "schedrig's memory beyond the guest's %s: %llu KiB resident (PSS %llu KiB), %llu KiB of "
      "it neither program nor library\n",
      when, static_cast<unsigned long long>(memory.resident),
      static_cast<unsigned long long>(memory.proportional),
      static_cast<unsigned long long>(memory.anonymous));
}

int bench_starts(const Command& command, unsigned runs) {
  std::vector<double> times;
  std::vector<double> cpu_times;
  double user_ms = 0;
  Start last;
  for (unsigned i = 0; i < runs; ++i) {
    const auto start = first_kvm_run(command);
    if (!start) {
      std::fprintf(stderr, "kvm_start_bench: no KVM_RUN by `%s run %s`\n", command.schedrig.c_str(),
                   command.config.c_str());
      return 1;
    }
    times.push_back(start->ms);
    cpu_times.push_back(start->cpu_ms);
    user_ms += start->user_ms / runs; // a kernel that samples at its ticks is right on average
    last = *start;
  }
  std::printf("start of schedrig to the first KVM_RUN, median of %u: %.1f ms (least %.1f), "
              "CPU time %.1f ms (least %.1f), of it outside the kernel %.1f ms (mean)\n",
              runs, median(times), std::ranges::min(times), median(cpu_times),
              std::ranges::min(cpu_times), user_ms);
  print("at the first KVM_RUN", last.memory);
  return 0;
}

// Most of a run's time the guest boots or works; start and teardown are too short for the median.
int bench_run(const Command& command) {
  Child child;
  if (start(command, {}, child) != 0) {
    return 1;
  }
  std::vector<std::uint64_t> resident;
  std::vector<std::uint64_t> proportional;
  std::vector<std::uint64_t> anonymous;
  while (::waitpid(child.pid, nullptr, WNOHANG) == 0) {
    const Memory now = memory_of(child.pid);
    resident.push_back(now.resident);
    proportional.push_back(now.proportional);
    anonymous.push_back(now.anonymous);
    ::usleep(50'000);
  }
  child.pid = -1;
  print("during a run", {median(resident), median(proportional), median(anonymous)});
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: kvm_start_bench SCHEDRIG SHIM|- CONFIG [RUNS]\n", stderr);
    return 2;
  }
  const Command command{.schedrig = argv[1], .shim = argv[2], .config = argv[3]};
  const auto runs = static_cast<unsigned>(argc > 4 ? std::strtoul(argv[4], nullptr, 10) : 21);
  return command.shim == "-" ? bench_run(command) : bench_starts(command, std::max(runs, 1U));
}

// SPDX-License-Identifier: MIT
#include "worker.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <limits>

#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.hpp"

namespace local {
namespace {

// Less is an interrupt, not the scheduler.
constexpr std::int64_t kShortestGapNs = 50'000;

void wait_at(const Slot& slot, Gate gate, const timespec* until) noexcept {
  syscall(SYS_futex, &slot.gate, FUTEX_WAIT_BITSET, gate, until, nullptr, FUTEX_BITSET_MATCH_ANY);
}

// Second field of /proc/self/schedstat (Documentation/scheduler/sched-stats.rst).
std::int64_t run_delay() noexcept {
  char text[128] = {};
  const int fd = open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
  const ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  close(fd);
  char* second = text;
  std::strtoll(text, &second, 10);
  return got > 0 ? std::strtoll(second, nullptr, 10) : 0;
}

class Worker {
 public:
  Worker(const WorkSpec& spec, Slot& slot) noexcept
      : spec_(spec), slot_(slot), cpu_before_ns_(clock_ns(CLOCK_THREAD_CPUTIME_ID)),
        delay_before_ns_(run_delay()) {}

  void spin() noexcept {
    while (working()) {
      unit();
      ++slot_.iterations;
    }
  }

  void yield() noexcept {
    while (working()) {
      unit();
      sched_yield();
      ++slot_.iterations;
    }
  }

  void bursty() noexcept {
    while (working()) {
      const std::int64_t end = clock_ns(CLOCK_THREAD_CPUTIME_ID) + spec_.burst_ns;
      while (working() && clock_ns(CLOCK_THREAD_CPUTIME_ID) < end) {
        unit();
      }
      const std::int64_t due = clock_ns() + spec_.sleep_ns;
      const timespec until = {.tv_sec = due / 1'000'000'000, .tv_nsec = due % 1'000'000'000};
      while (working() && clock_ns() < due) {
        wait_at(slot_, kWorking, &until);
      }
      if (working()) {
        progress(due);
        ++slot_.iterations;
      }
    }
  }

  // The message is the time of its sending: from then on the partner is runnable.
  void pipe_io(int from_partner, int to_partner) noexcept {
    while (working()) {
      for (std::uint32_t i = 0; i < spec_.burst_iterations && working(); ++i) {
        unit();
      }
      const std::int64_t sent = clock_ns();
      std::int64_t received = 0;
      if (write(to_partner, &sent, sizeof sent) == sizeof sent &&
          read(from_partner, &received, sizeof received) == sizeof received) {
        progress(std::max(sent, received));
        ++slot_.iterations;
      }
    }
  }

  void wait_for_start() noexcept {
    while (slot_.gate.load() == kWaiting) {
      wait_at(slot_, kWaiting, nullptr);
    }
    last_ns_ = slot_.started_ns;
  }

  void finish() noexcept {
    if (slot_.started_ns != 0) {
      slot_.ended_ns = clock_ns();
      slot_.cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_before_ns_;
      slot_.run_delay_ns = run_delay() - delay_before_ns_;
    }
    slot_.finished = 1;
  }

 private:
  [[nodiscard]] bool working() const noexcept { return slot_.gate.load() == kWorking; }

  void unit() noexcept {
    for (std::uint32_t step = 0; step < kSpinUnit; ++step) {
      asm volatile("" : : : "memory");
    }
    ++slot_.units;
    progress(last_ns_);
  }

  // The worker runs; since `runnable_ns` it could have.
  void progress(std::int64_t runnable_ns) noexcept {
    const std::int64_t now = clock_ns();
    const int cpu = sched_getcpu();
    if (cpu >= 0 && cpu != cpu_) {
      slot_.migrations += cpu_ < 0 ? 0 : 1;
      cpu_ = cpu;
      const auto bit = static_cast<std::size_t>(cpu);
      if (bit < slot_.cpus.size() * 64) {
        slot_.cpus[bit / 64] |= std::uint64_t{1} << (bit % 64);
      }
    }
    const std::int64_t length = now - runnable_ns;
    if (length >= kShortestGapNs) {
      keep({.start_ns = runnable_ns,
            .length_ns = length,
            .cpu = static_cast<std::uint32_t>(std::max(cpu_, 0))});
    }
    last_ns_ = now;
  }

  void keep(const Gap& gap) noexcept {
    if (slot_.gap_count < kGapsPerWorker) {
      slot_.gaps[slot_.gap_count++] = gap;
      return;
    }
    Gap& shortest = *std::ranges::min_element(slot_.gaps, {}, &Gap::length_ns);
    if (shortest.length_ns < gap.length_ns) {
      shortest = gap;
    }
  }

  const WorkSpec& spec_;
  Slot& slot_;
  std::int64_t cpu_before_ns_;
  std::int64_t delay_before_ns_;
  std::int64_t last_ns_ = 0;
  int cpu_ = -1;
};

void do_nothing(int /*signal*/) {}

} // namespace

void open_gate(Slot& slot, Gate gate) noexcept {
  slot.gate.store(gate);
  syscall(SYS_futex, &slot.gate, FUTEX_WAKE, std::numeric_limits<int>::max(), nullptr, nullptr, 0);
}

bool can_do(WorkType type) noexcept {
  return type == WorkType::kSpin || type == WorkType::kYield || type == WorkType::kBursty ||
         type == WorkType::kPipeIo;
}

void run_worker(const WorkSpec& spec, Slot& slot, int from_partner, int to_partner) noexcept {
  struct sigaction action{};
  action.sa_handler = SIG_DFL; // the host's handlers are not for its workers
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    sigaction(signal, &action, nullptr);
  }
  action.sa_handler = do_nothing; // ends a read(2), for want of SA_RESTART
  sigaction(SIGUSR1, &action, nullptr);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);

  Worker worker(spec, slot);
  worker.wait_for_start();
  switch (spec.type) {
  case WorkType::kYield:
    worker.yield();
    break;
  case WorkType::kBursty:
    worker.bursty();
    break;
  case WorkType::kPipeIo:
    worker.pipe_io(from_partner, to_partner);
    break;
  default:
    worker.spin();
  }
  worker.finish();
  _exit(0);
}

} // namespace local

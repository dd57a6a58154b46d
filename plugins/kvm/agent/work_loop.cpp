// SPDX-License-Identifier: MIT
#include "agent/work_loop.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <sys/mman.h>
#include <unistd.h>

#include "agent/clock.hpp"
#include "agent/futex.hpp"

namespace schedrig::agent {
namespace {

// Units between two reads of the thread's CPU clock, which is a system call: sixteen units are
// some 20 us, and the call stays below two percent of them.
constexpr std::uint32_t kUnitsPerCpuClockRead = 16;

// A piece takes some microseconds, so that a stop is heard in time.
constexpr std::size_t kPieceBytes = 65'536;
constexpr std::array<char, kPieceBytes> kPiece{};

} // namespace

bool running(const WorkerContext& context) noexcept {
  return context.slot->gate.load(std::memory_order_acquire) == Gate::kRun;
}

void work_units(const WorkerContext& context, Meter& meter, std::uint32_t count) noexcept {
  for (std::uint32_t i = 0; i < count && running(context); ++i) {
    meter.unit();
  }
}

void work_cpu_time(const WorkerContext& context, Meter& meter, std::int64_t cpu_ns) noexcept {
  const std::int64_t end = clock_ns(CLOCK_THREAD_CPUTIME_ID) + cpu_ns;
  std::uint32_t units = 0;
  do {
    meter.unit();
    ++units;
  } while (running(context) &&
           (units % kUnitsPerCpuClockRead != 0 || clock_ns(CLOCK_THREAD_CPUTIME_ID) < end));
}

bool sleep_until(const WorkerContext& context, Meter& meter, std::int64_t due_ns) noexcept {
  while (running(context) && monotonic_ns() < due_ns) {
    wait_while(context.slot->gate, Gate::kRun, due_ns);
  }
  if (!running(context)) {
    return false;
  }
  meter.woken(due_ns);
  return true;
}

void rest(const WorkerContext& context) noexcept {
  while (running(context)) {
    wait_while(context.slot->gate, Gate::kRun);
  }
}

void note_wait(Meter& meter, std::int64_t wait_start_ns, std::int64_t event_ns) noexcept {
  if (event_ns > wait_start_ns) {
    meter.woken(event_ns);
  } else {
    meter.waited_until(wait_start_ns);
  }
}

void give_up(int os_errno) noexcept {
  ::_exit(os_errno);
}

std::byte* map_memory(std::uint64_t bytes) noexcept {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    give_up(errno);
  }
  return static_cast<std::byte*>(memory);
}

void ScratchFile::open() noexcept {
  fd_ = ::memfd_create("schedrig-worker", MFD_CLOEXEC);
  if (fd_ < 0) {
    give_up(errno);
  }
}

void ScratchFile::write(const WorkerContext& context, Meter& meter, std::uint64_t bytes) noexcept {
  for (std::uint64_t done = 0; done < bytes && running(context); done += kPieceBytes) {
    const std::size_t piece = std::min<std::uint64_t>(bytes - done, kPieceBytes);
    const ssize_t wrote = ::pwrite(fd_, kPiece.data(), piece, static_cast<off_t>(done));
    if (wrote < 0 && errno != EINTR) {
      give_up(errno);
    }
    meter.unit_done(pace_);
  }
  ::fdatasync(fd_);
}

} // namespace schedrig::agent

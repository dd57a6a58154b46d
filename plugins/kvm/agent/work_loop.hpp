// SPDX-License-Identifier: MIT
// What the loops of all work types are made of. Every loop looks at the gate at least once a unit;
// waits end when the gate says so. Thread: the worker's only.
#pragma once

#include <cstdint>

#include "agent/meter.hpp"
#include "agent/worker.hpp"

namespace schedrig::agent {

[[nodiscard]] bool running(const WorkerContext& context) noexcept;

// Up to `count` units.
void work_units(const WorkerContext& context, Meter& meter, std::uint32_t count) noexcept;
// Units for that much CPU time: contention makes them take longer, not fewer.
void work_cpu_time(const WorkerContext& context, Meter& meter, std::int64_t cpu_ns) noexcept;

// Until CLOCK_MONOTONIC reads due_ns. False: stopped before.
bool sleep_until(const WorkerContext& context, Meter& meter, std::int64_t due_ns) noexcept;
// There is no work left; waits for the stop.
void rest(const WorkerContext& context) noexcept;
// After a wait that began at wait_start_ns for what somebody did at event_ns: a wake-up, unless it
// had been done before.
void note_wait(Meter& meter, std::int64_t wait_start_ns, std::int64_t event_ns) noexcept;

// The worker cannot go on: its exit status is the errno.
[[noreturn]] void give_up(int os_errno) noexcept;
// Private memory of the worker's own cgroup, zeroed; gives up with ENOMEM.
[[nodiscard]] std::byte* map_memory(std::uint64_t bytes) noexcept;

// A file without a name in the guest's memory: the guest has no disk.
class ScratchFile {
 public:
  void open() noexcept; // gives up when there is none to be had
  // From the file's start on, in pieces that count as units of work, then fdatasync(2).
  void write(const WorkerContext& context, Meter& meter, std::uint64_t bytes) noexcept;

 private:
  int fd_ = -1;
  Pace pace_;
};

} // namespace schedrig::agent

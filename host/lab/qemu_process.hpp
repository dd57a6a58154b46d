// SPDX-License-Identifier: MIT
// QemuProcess: one running emulated host; it dies with this object, and with this process.
//
// Owns the QEMU process, the host ends of its channel and console, and the pipe with its own
// complaints. Knows nothing about what travels on the channel.
// The kernel sends QEMU SIGKILL when the thread that started it ends (PR_SET_PDEATHSIG), so
// start() must be called on a thread that outlives the run. Thread: one at a time.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

#include <schedrig/result.hpp>

#include "host/lab/qemu.hpp"
#include "host/process/unique_fd.hpp"

namespace schedrig::lab {

struct HostSpec {
  std::filesystem::path kernel;
  int initramfs_fd = -1; // borrowed; readable from offset 0
  unsigned cpus = 2;     // for the command and its guests; QEMU gets one more (init/first_cpu.hpp)
  unsigned memory_mib = 3072;
  std::vector<std::string> qemu_arguments; // after our own
};

// QEMU's arguments. The file descriptors are the numbers QEMU inherits.
std::vector<std::string> qemu_arguments(const Qemu& qemu, const HostSpec& spec, int channel_fd,
                                        int console_fd);

class QemuProcess {
 public:
  static Result<QemuProcess> start(const Qemu& qemu, const HostSpec& spec);
  QemuProcess(QemuProcess&& other) noexcept;
  QemuProcess& operator=(QemuProcess&&) = delete;
  ~QemuProcess(); // kills and reaps

  [[nodiscard]] int channel() const { return channel_.get(); }       // stream socket, non-blocking
  [[nodiscard]] int console() const { return console_.get(); }       // stream socket, non-blocking
  [[nodiscard]] int complaints() const { return complaints_.get(); } // stdout and stderr
  [[nodiscard]] int pid_fd() const { return pid_fd_.get(); }         // readable once it ended

  // For how long its threads together were ready to run while others had the CPUs, so far. 0 where
  // the kernel does not count that (/proc/PID/schedstat: Documentation/scheduler/sched-stats.rst).
  [[nodiscard]] std::chrono::nanoseconds cpu_wait() const;

 private:
  QemuProcess() = default;

  pid_t pid_ = -1;
  UniqueFd pid_fd_;
  UniqueFd channel_;
  UniqueFd console_;
  UniqueFd complaints_;
};

} // namespace schedrig::lab

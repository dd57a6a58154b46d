// SPDX-License-Identifier: MIT
// Faults: what [backend.mock] faults asks to go wrong, so that a scenario's author and schedrig's
// own tests see what a failing machine looks like. Decides when; MockMachine does it. Thread: one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/param_check.hpp>
#include <schedrig/params.hpp>
#include <schedrig/status.hpp>

#include "plugins/mock/sim/costs.hpp"

namespace schedrig::mock {

enum class FaultKind : std::uint8_t {
  kFileWrite,     // the nth write to a file of that name fails
  kSlowFiles,     // every file operation takes longer
  kKillWorker,    // the nth living worker gets SIGKILL
  kSchedulerExit, // the attached scheduler is ejected
  kMachineLost,   // the machine no longer answers
  kConsoleLine,   // the machine's console prints a line
  kLateVcpu,      // a CPU comes late to freeze windows
};

struct Fault {
  FaultKind kind = FaultKind::kFileWrite;
  Nanos at = 0;               // not before
  std::string file;           // kFileWrite: last component of the path
  int os_errno = 0;           // kFileWrite
  std::uint32_t nth = 1;      // kFileWrite, kKillWorker: from 1
  Nanos longer = 0;           // kSlowFiles, kLateVcpu
  std::uint32_t cpu = 0;      // kLateVcpu
  std::int64_t exit_kind = 0; // kSchedulerExit
  std::string text;           // kConsoleLine
};

struct LateCpu {
  std::uint32_t cpu = 0;
  Nanos by = 0;
};

// What [backend.mock] may hold of faults.
[[nodiscard]] std::span<const ParamSpec> fault_params() noexcept;

class Faults {
 public:
  // From bound parameters. Told to `problems` and left out: an entry that names no fault, or two; a
  // word that is no errno or exit kind (kInvalidArgument); a fault that this machine has no part
  // for (kUnsupported).
  void declare(ParamsView params, ParamProblemSink& problems);

  // The next fault with a moment of its own that is due by `until`, or null; done() takes it off.
  [[nodiscard]] const Fault* due(Nanos until) const;
  void done();

  // The errno that a write to this path fails with, 0: none. Counts the write.
  [[nodiscard]] int fail_write(std::string_view path, Nanos now);
  // The latest CPU of so many to stand still now; by 0: none is late.
  [[nodiscard]] LateCpu late_cpu(Nanos now, std::uint32_t cpus) const;
  // How much longer a file operation takes now.
  [[nodiscard]] Nanos file_delay(Nanos now) const;

 private:
  std::vector<Fault> timed_;   // latest first
  std::vector<Fault> lasting_; // and those that hold from their moment on
};

} // namespace schedrig::mock

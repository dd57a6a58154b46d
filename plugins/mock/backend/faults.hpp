// SPDX-License-Identifier: MIT
// Faults: what [backend.mock] faults asks to go wrong, so that a scenario's author and schedrig's
// own tests see what a failing machine looks like. Decides when; MockMachine does it. Thread: one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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
};

struct Fault {
  FaultKind kind = FaultKind::kFileWrite;
  Nanos at = 0;               // not before
  std::string file;           // kFileWrite: last component of the path
  int os_errno = 0;           // kFileWrite
  std::uint32_t nth = 1;      // kFileWrite, kKillWorker: from 1
  Nanos longer = 0;           // kSlowFiles
  std::int64_t exit_kind = 0; // kSchedulerExit
};

// What [backend.mock] may hold of faults.
[[nodiscard]] std::span<const ParamSpec> fault_params() noexcept;

class Faults {
 public:
  // From bound parameters. kInvalidArgument: an entry that names no fault, or two; a word that is
  // no errno or exit kind. kUnsupported: a fault that this machine has no part for.
  Status declare(ParamsView params);

  // The next fault with a moment of its own that is due by `until`, or null; done() takes it off.
  [[nodiscard]] const Fault* due(Nanos until) const;
  void done();

  // The errno that a write to this path fails with, 0: none. Counts the write.
  [[nodiscard]] int fail_write(std::string_view path, Nanos now);
  // How much longer a file operation takes now.
  [[nodiscard]] Nanos file_delay(Nanos now) const;

 private:
  std::vector<Fault> timed_; // latest first
  std::vector<Fault> files_;
};

} // namespace schedrig::mock

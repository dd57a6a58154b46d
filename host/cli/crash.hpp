// SPDX-License-Identifier: MIT
// A plugin runs in this process: when one crashes, so does schedrig. It then says where, ends with
// the line that every run ends with, and exits with kExitInfrastructure. Thread: host, once.
#pragma once

namespace schedrig::cli {

// For SIGSEGV, SIGBUS, SIGFPE and SIGILL of this process; children that it forks die of them as
// they would have. Does nothing in a build with sanitizers, whose own reports say more.
void report_crashes() noexcept;

} // namespace schedrig::cli

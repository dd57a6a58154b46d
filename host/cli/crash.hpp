// SPDX-License-Identifier: MIT
// A plugin runs in this process: when one crashes, so does schedrig. It then says where, ends with
// the line that every run ends with, and exits with kExitInfrastructure. Thread: host, once.
#pragma once

namespace schedrig::cli {

// For SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT of this process, and for a call of exit before
// note_finished; children that it forks end as they would have. In a build with sanitizers only for
// the latter: their own reports say more. Memory that runs out where no exception may pass is no
// crash: it ends as report_out_of_memory says.
void report_crashes() noexcept;

// Says that memory ran out and how the run ended, allocating nothing; returns the exit code.
int report_out_of_memory() noexcept;
// The same for an exception that nothing of ours throws.
int report_defect(const char* what) noexcept;

// main is about to return.
void note_finished() noexcept;

} // namespace schedrig::cli

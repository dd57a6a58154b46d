// SPDX-License-Identifier: MIT
// stdout, where results go: a result that did not get there is an error of every verb. Thread:
// host.
#pragma once

namespace schedrig::cli {

// Results of usual size are written when they are whole, so that the errno of a failure is known;
// a terminal gets them line by line. Call before anything is printed.
void buffer_stdout();

// kExitPass, or the exit code for what stdout did not take up to now, which is then said, once.
int flush_stdout();

} // namespace schedrig::cli

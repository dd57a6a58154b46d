// SPDX-License-Identifier: MIT
// What a process does, by the third field of /proc/PID/stat (proc_pid_stat(5)). Pure; thread: any.
#pragma once

#include <string_view>

namespace schedrig::kvm {

// "is stopped (T)"; "is gone" for an empty text, and "is in an unknown state" for one that makes no
// sense: the bytes come from a guest.
[[nodiscard]] std::string_view process_state(std::string_view stat);

} // namespace schedrig::kvm

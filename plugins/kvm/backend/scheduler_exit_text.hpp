// SPDX-License-Identifier: MIT
// What a kernel's exit message says of a task. Pure; thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace schedrig::kvm {

struct TaskInMessage {
  std::string_view comm; // a view into the message
  std::int32_t pid = 0;
  std::optional<std::int64_t> waited_ns; // since it became runnable
};

// "COMM[PID] failed to run for 5.234s", "non-existent DSQ 0x7 for COMM[PID]"
// (kernel/sched/ext.c, Linux 6.12 to 7.3). None: the message is about no task.
[[nodiscard]] std::optional<TaskInMessage> task_in_message(std::string_view message);

} // namespace schedrig::kvm

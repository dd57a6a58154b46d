// SPDX-License-Identifier: MIT
// What a WorkSpec may say, the same on every backend: types that exist, parameters in their ranges,
// whole groups. Whether the CPUs of its affinity exist is the machine's to say. Thread: any.
#pragma once

#include <schedrig/status.hpp>
#include <schedrig/work.hpp>

namespace schedrig {

// kInvalidArgument names the type, the parameter and its range.
[[nodiscard]] Status check_work_spec(const WorkSpec& spec);

} // namespace schedrig

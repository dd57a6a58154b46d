// SPDX-License-Identifier: MIT
// What a kernel's console says of how it died. Thread: any (pure).
#pragma once

#include <string>

namespace schedrig::lab {

// The line that says why; empty: it did not panic.
[[nodiscard]] std::string panic_line(const std::string& console);

// From the complaint that led to the panic on: registers, call trace and all, as lines without the
// console's returns. Empty: it did not panic.
[[nodiscard]] std::string death_lines(const std::string& console);

} // namespace schedrig::lab

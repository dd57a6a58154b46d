// SPDX-License-Identifier: MIT
// What libbpf printed while an object was opened and loaded, and what matters of it. Pure.
#pragma once

#include <string>
#include <string_view>

namespace schedrig::scx {

// One line that says why: the verifier's last words about the program, with its name; or the last
// complaint, when it was not the verifier. Empty: nothing was said.
[[nodiscard]] std::string cause_of(std::string_view printed);

} // namespace schedrig::scx

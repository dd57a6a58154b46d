// SPDX-License-Identifier: MIT
// The simulated kernel's image as a file, for who looks into its memory: symbols, types, banner.
// Thread: any.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace schedrig::mock {

// What /proc/version says, with its newline.
[[nodiscard]] std::string_view kernel_banner();

// An ELF file around `btf`, which is TypeTable's.
[[nodiscard]] std::string make_vmlinux(std::string_view btf);

} // namespace schedrig::mock

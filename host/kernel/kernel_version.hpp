// SPDX-License-Identifier: MIT
// Order and prefixes of kernel versions such as "6.18.15+deb13-cloud-amd64".
//
// Knows no files. Thread: any.
#pragma once

#include <string_view>

namespace schedrig::kernel {

// By the numbers of the dotted part before the first character that is neither digit nor dot;
// the rest decides as text. "6.9" < "6.18", "7.0-rc1" counts as 7.0.
bool version_less(std::string_view a, std::string_view b);

// Does `version` start with `prefix`, ending at a whole number? "6.1" is a prefix of "6.1.99",
// not of "6.18". The empty prefix fits all.
bool has_version_prefix(std::string_view version, std::string_view prefix);

// The first `parts` dotted numbers: ("7.0.13+deb13-cloud-amd64", 2) is "7.0".
std::string_view version_series(std::string_view version, int parts);

} // namespace schedrig::kernel

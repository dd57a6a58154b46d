// SPDX-License-Identifier: MIT
// Numbers for people to read. Thread: any.
#pragma once

#include <string>

namespace schedrig::text {

// "12", "0.0123", "48213", "1.23e+09": three digits that count, more in whole numbers up to a
// million; no trailing zeros.
[[nodiscard]] std::string three_digits(double value);

} // namespace schedrig::text

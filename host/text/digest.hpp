// SPDX-License-Identifier: MIT
// A short name for content. Thread: any.
#pragma once

#include <string>
#include <string_view>

namespace schedrig::text {

// FNV-1a of 64 bits as 16 hexadecimal digits: names content, protects from nothing.
[[nodiscard]] std::string digest(std::string_view content);

} // namespace schedrig::text

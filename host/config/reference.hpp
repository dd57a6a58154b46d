// SPDX-License-Identifier: MIT
// docs/reference/config.md: every table of the format with its keys, made from the field tables
// that the decoder uses. Thread: any.
#pragma once

#include <string>

namespace schedrig::config {

[[nodiscard]] std::string reference_markdown();

} // namespace schedrig::config

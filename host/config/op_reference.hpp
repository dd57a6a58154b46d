// SPDX-License-Identifier: MIT
// docs/reference/op-list.md: every op with its parameters and the facets it needs, made from the op
// registry and the field tables that the decoder uses. Thread: any.
#pragma once

#include <string>

namespace schedrig::config {

[[nodiscard]] std::string op_list_markdown();

} // namespace schedrig::config

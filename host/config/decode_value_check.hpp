// SPDX-License-Identifier: MIT
// What a captured value must be, as a config says it: { path = "maps['x.bss'].n", op = ">", value =
// 0 } or "maps['x.bss'].n > 0". Thread: the Decoder's.
#pragma once

#include <span>
#include <vector>

#include <schedrig/ops.hpp>

#include "host/config/decoder.hpp"
#include "host/config/form.hpp"

namespace schedrig::config {

// Paths into one snapshot.
void decode_value_checks(Decoder& decoder, const FieldInfo& info, const Node& value,
                         std::vector<ValueCheck>& to);
// Paths that start with "snapshots.NAME".
void decode_run_value_checks(Decoder& decoder, const FieldInfo& info, const Node& value,
                             std::vector<ValueCheck>& to);

// A list of either spelling.
[[nodiscard]] std::span<const Form> value_check_forms();

} // namespace schedrig::config

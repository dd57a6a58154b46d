// SPDX-License-Identifier: MIT
// Kernel-memory targets, values, widths and comparisons as a config says them. Pure data: nothing
// is resolved here. Thread: the Decoder's.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <schedrig/kernel_targets.hpp>

#include "host/config/decoder.hpp"

namespace schedrig::config {

// { symbol = "jiffies_64" }, { direct = "0x..." }, { kva = "0x..." }, { per_cpu = { ... } },
// { task = { ... } }, { map = { ... } }
void decode_target(Decoder& decoder, const FieldInfo& info, const Node& value, KernelTarget& to);

// "u32", "u64" or { bytes = 64 }
void decode_width(Decoder& decoder, const FieldInfo& info, const Node& value, KernelWidth& to);

// A list of { target = ..., value = { u32 = 7 } }
void decode_writes(Decoder& decoder, const FieldInfo& info, const Node& value,
                   std::vector<KernelWrite>& to);

// ">"
[[nodiscard]] std::optional<CompareOp> compare_op_of(std::string_view text);
void decode_compare_op(Decoder& decoder, const FieldInfo& info, const Node& value, CompareOp& to);

// { op = ">", value = 0 }
void decode_comparison(Decoder& decoder, const FieldInfo& info, const Node& value,
                       std::optional<Comparison>& to);

[[nodiscard]] std::span<const Form> target_forms();
[[nodiscard]] std::span<const Form> width_forms();
[[nodiscard]] std::span<const Form> write_forms();
[[nodiscard]] std::span<const Form> compare_op_forms();
[[nodiscard]] std::span<const Form> comparison_forms();

} // namespace schedrig::config

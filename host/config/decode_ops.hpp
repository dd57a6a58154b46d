// SPDX-License-Identifier: MIT
// Operations: one field table an op, found by the op's place in OpBody. One file an op family.
// Thread: the Decoder's.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include <schedrig/ops.hpp>

#include "host/config/decoder.hpp"
#include "host/config/form.hpp"

namespace schedrig::config {

// Decodes a list of op tables; what has no known kind is reported and left out.
void decode_ops(Decoder& decoder, const FieldInfo& info, const Node& value, std::vector<Op>& to);

[[nodiscard]] std::span<const Form> op_forms();

// What config knows of an op beyond its OpInfo.
struct OpEntry {
  // Decodes the keys of an op whose kind is known, and checks what concerns this op alone.
  void (*read)(Decoder& decoder, const Node& table, OpBody& to);
  KeysOf keys; // all but `kind`
};

// Each family in the order of OpBody: cgroups and workers (ops_cgroup.cpp, 13 ops), payloads to
// raise_event (ops_machine.cpp, 17 ops).
[[nodiscard]] std::span<const OpEntry> cgroup_op_entries() noexcept;
[[nodiscard]] std::span<const OpEntry> machine_op_entries() noexcept;
// By the op's place in OpBody.
[[nodiscard]] const OpEntry& op_entry(std::size_t index) noexcept;

// "op freeze_cgroup", for messages.
template <class T> std::string op_name() {
  return "op " + std::string(op_info(OpBody(T{})).name);
}

// Reads an op that its field table describes whole.
template <class T, auto& kFields> void read_op(Decoder& decoder, const Node& table, OpBody& to) {
  T op;
  decode_table<T>(decoder, table, op_name<T>(), kFields, op, "kind");
  to = std::move(op);
}
template <class T, auto& kFields>
inline constexpr OpEntry kOpEntry{.read = read_op<T, kFields>, .keys = keys_of_table<T, kFields>};

} // namespace schedrig::config

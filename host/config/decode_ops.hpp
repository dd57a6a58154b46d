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

namespace schedrig::config {

// Decodes a list of op tables; what has no known kind is reported and left out.
void decode_ops(Decoder& decoder, const FieldInfo& info, const Node& value, std::vector<Op>& to);

// Decodes the keys of an op whose kind is known, and checks what concerns this op alone.
using OpReader = void (*)(Decoder& decoder, const Node& table, OpBody& to);

// Each family in the order of OpBody: cgroups and workers (ops_cgroup.cpp, 13 ops), payloads to
// sched_command (ops_machine.cpp, 16 ops).
[[nodiscard]] std::span<const OpReader> cgroup_op_readers() noexcept;
[[nodiscard]] std::span<const OpReader> machine_op_readers() noexcept;

// "op freeze_cgroup", for messages.
template <class T> std::string op_name() {
  return "op " + std::string(op_info(OpBody(T{})).name);
}

// An OpReader for an op that its field table describes whole.
template <class T, auto& kFields> void read_op(Decoder& decoder, const Node& table, OpBody& to) {
  T op;
  decode_table<T>(decoder, table, op_name<T>(), kFields, op, "kind");
  to = std::move(op);
}

} // namespace schedrig::config

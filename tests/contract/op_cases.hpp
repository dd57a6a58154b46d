// SPDX-License-Identifier: MIT
// The op cases: for each op what it does right and every error it has, with the status and errno
// that a Linux kernel gives. One table for all backends; docs/reference/op-errors.md is made from
// it.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include <schedrig/ops.hpp>
#include <schedrig/status.hpp>

#include "tests/contract/booted_machine.hpp"

namespace schedrig::contract {

struct OpCase {
  std::string op;   // whose behaviour this shows
  std::string name; // what is special, as a phrase
  std::vector<CgroupDef> backdrop = {};
  std::vector<OpBody> before = {}; // succeed
  OpBody body;                     // the op of the case
  StatusCode status = StatusCode::kOk;
  int os_errno = 0;
  // Further expectations on a run of the case; may be empty.
  std::function<void(const engine::RunReport&)> check = {};
  std::vector<OpBody> backdrop_ops = {}; // after the backdrop's cgroups; succeed
};

inline void PrintTo(const OpCase& one, std::ostream* out) {
  *out << one.op << ": " << one.name;
}

[[nodiscard]] const std::vector<OpCase>& op_cases();

// The error cases as the Markdown of docs/reference/op-errors.md.
[[nodiscard]] std::string op_errors_table();

} // namespace schedrig::contract

// SPDX-License-Identifier: MIT
// rt-app's workload files (rt-app 1.0, its doc/tutorial.txt) as worker groups: one a task, of type
// sequence. What cannot be said in phases is refused at its place, and so is what rt-app passes
// over: unknown keys, misplaced keys, wrong types, mutexes that are not held.
//
// Reads no file. All errors of a text at once, in file order. Owned values; thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/ops.hpp>

#include "host/json/located.hpp"

namespace schedrig::import {

// message: lower case, no full stop; help: what to do, may be empty.
struct Problem {
  json::Place place;
  std::string message;
  std::string help;
};

struct ImportedTask {
  std::string name;
  json::Place place;
  WorkGroup work;
};

struct RtApp {
  std::vector<ImportedTask> tasks;         // in file order; to be used only without problems
  std::optional<std::int64_t> duration_ns; // global.duration; absent: endless
  std::uint32_t next_resource = 0;         // the first number that the tasks do not use
  std::vector<Problem> problems;
};

// Mutexes, conditions and barriers are numbered from first_resource on.
[[nodiscard]] RtApp import_rt_app(std::string_view text, std::uint32_t first_resource);

} // namespace schedrig::import

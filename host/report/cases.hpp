// SPDX-License-Identifier: MIT
// Cases: a run as the list of test cases that test protocols know - backdrop, steps, checks, and
// the run itself where nothing else says why it is no pass. Pure; thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/engine/run_report.hpp"

namespace schedrig::report {

struct Case {
  std::string group = {}; // "step" or "check", or "run"
  std::string name = {};  // distinct within the run
  engine::Verdict verdict = engine::Verdict::kPass;
  std::int64_t duration_ns = 0; // of the machine's clock; 0 for a check
  std::string message = {};     // why it is no pass, the cause first; empty for a pass
  std::string details = {};     // evidence, lines of text
  bool expected = false;        // no pass, but the run passes: the scenario says expect = "fail"
};

[[nodiscard]] std::vector<Case> cases_of(const engine::RunReport& report);

// From the start of the backdrop to its end, in which all else lies.
[[nodiscard]] std::int64_t duration_ns(const engine::RunReport& report);

} // namespace schedrig::report

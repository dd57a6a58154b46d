// SPDX-License-Identifier: MIT
// Reports of small runs that the tests of the formats start from.
#pragma once

#include "host/engine/run_report.hpp"

namespace schedrig::report {

// Two steps and a check, 3 s.
inline engine::RunReport passed_report() {
  engine::RunReport report;
  report.name = "demo";
  report.config = "demo.toml";
  report.backend = "mock";
  report.scheduler = "eevdf";
  report.seed = 7;
  report.topology = "1n1l2c1t";
  report.backdrop.name = "backdrop";
  report.backdrop.end_ns = 3'000'000'000;
  report.steps.resize(2);
  report.steps[0].name = "load";
  report.steps[0].end_ns = 1'500'000'000;
  report.steps[1].name = "rest";
  report.steps[1].start_ns = 1'500'000'000;
  report.steps[1].end_ns = 3'000'000'000;
  report.checks = {{.name = "not_stuck",
                    .verdict = engine::Verdict::kPass,
                    .observed = "2 workers; longest gap 4 ms",
                    .limit = "every worker works"}};
  return report;
}

// The first step's second op failed, the second step was skipped.
inline engine::RunReport failed_report() {
  engine::RunReport report = passed_report();
  report.checks.clear();
  report.verdict = report.steps[0].verdict = engine::Verdict::kFail;
  report.steps[1].verdict = engine::Verdict::kSkip;
  engine::OpRecord op;
  op.kind = "freeze_cgroup";
  op.index = 2;
  op.status = engine::OpStatus::kFailed;
  op.pos.line = 9;
  op.error = Error{StatusCode::kTimeout, "cell is not frozen", "raise wait", 0};
  report.steps[0].error = op.error;
  report.steps[0].ops = {op};
  report.cause = Error(*op.error).context("step 1 \"load\", op 2 freeze_cgroup");
  return report;
}

} // namespace schedrig::report

// SPDX-License-Identifier: MIT
// RunOutputs: the reports of one run. Events are written as it goes, the rest when it is over.
// Thread: host.
#pragma once

#include <optional>
#include <string>

#include <schedrig/result.hpp>

#include "host/cli/line_file.hpp"
#include "host/cli/report_paths.hpp"
#include "host/engine/observer_group.hpp"
#include "host/report/event_log.hpp"

namespace schedrig::cli {

class RunOutputs {
 public:
  // `reproduce` is the command that repeats the run.
  RunOutputs(ReportPaths paths, std::string reproduce)
      : paths_(std::move(paths)), reproduce_(std::move(reproduce)) {}
  RunOutputs(const RunOutputs&) = delete;
  RunOutputs& operator=(const RunOutputs&) = delete;

  // Before the run: what has to hear it from the start on. `observers` must not outlive this.
  Result<> start(engine::ObserverGroup& observers);
  // After it; goes on after an error and returns the first.
  [[nodiscard]] Result<> finish(const engine::RunReport& report);

 private:
  ReportPaths paths_;
  std::string reproduce_;
  std::optional<LineFile> events_file_;
  std::optional<report::EventLog> events_;
};

// A report that is written when its run is over, to where the paths say, if anywhere.
[[nodiscard]] Result<> write_report(ReportFormat format, const ReportPaths& paths,
                                    const engine::RunReport& report, const std::string& reproduce);

} // namespace schedrig::cli

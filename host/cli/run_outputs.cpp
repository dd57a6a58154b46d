// SPDX-License-Identifier: MIT
#include "host/cli/run_outputs.hpp"

#include <cstdio>
#include <string>

#include "host/cli/report_file.hpp"
#include "host/report/json_report.hpp"
#include "host/report/junit_report.hpp"
#include "host/report/ktap_report.hpp"

namespace schedrig::cli {
namespace {

std::string text_of(ReportFormat format, const engine::RunReport& report,
                    const std::string& reproduce) {
  switch (format) {
  case ReportFormat::kJson:
    return report::json_document(report);
  case ReportFormat::kKtap:
    return report::ktap_report(report, reproduce);
  case ReportFormat::kJunit:
    return report::junit_report(report, reproduce);
  case ReportFormat::kEvents:
    break; // written already
  }
  return {};
}

} // namespace

Result<> RunOutputs::start(engine::ObserverGroup& observers) {
  const std::string& path = paths_[ReportFormat::kEvents];
  if (path.empty()) {
    return {};
  }
  events_file_ = TRY(LineFile::open(path));
  events_.emplace([this](std::string_view line) { events_file_->write(line); });
  observers.add(*events_);
  return {};
}

Result<> RunOutputs::finish(const engine::RunReport& report) {
  Result<> first;
  if (events_file_) {
    first = events_file_->close();
  }
  for (const ReportFormatInfo& info : kReportFormats) {
    if (info.format != ReportFormat::kEvents) {
      auto written = write_report(info.format, paths_, report, reproduce_);
      if (first && !written) {
        first = std::move(written);
      }
    }
  }
  return first;
}

Result<> write_report(ReportFormat format, const ReportPaths& paths,
                      const engine::RunReport& report, const std::string& reproduce) {
  const std::string& path = paths[format];
  if (path == "-") {
    std::fputs(text_of(format, report, reproduce).c_str(), stdout);
  } else if (!path.empty()) {
    return write_report_file(path, text_of(format, report, reproduce));
  }
  return {};
}

} // namespace schedrig::cli

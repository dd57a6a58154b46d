// SPDX-License-Identifier: MIT
#include "host/loader/check.hpp"

#include <utility>

#include "host/loader/discovery.hpp"
#include "host/loader/elf_note.hpp"

namespace schedrig::loader {

std::string_view check_step_name(CheckStep step) {
  switch (step) {
  case CheckStep::kNote:
    return "note";
  case CheckStep::kAbi:
    return "abi";
  case CheckStep::kProbe:
    return "probe";
  case CheckStep::kName:
    break;
  }
  return "name";
}

CheckReport check_plugin(const std::filesystem::path& path, std::chrono::milliseconds deadline) {
  CheckReport report;
  report.path = path;
  const auto fail_at = [&](CheckStep step, Error error) {
    report.failed = step;
    report.error = std::move(error);
    return report;
  };
  Result<PluginFile> file = read_plugin_file(path);
  if (!file) {
    return fail_at(CheckStep::kNote, std::move(file).error());
  }
  report.passed.push_back(CheckStep::kNote);
  report.note = file->note;

  if (Result<PluginFile> fits = read_fitting_plugin(path, SearchOrigin::kExplicit); !fits) {
    return fail_at(CheckStep::kAbi, std::move(fits).error());
  }
  report.passed.push_back(CheckStep::kAbi);

  Result<ProbeReport> probed = probe_plugin(path, file->note.kind, deadline);
  if (!probed) {
    return fail_at(CheckStep::kProbe, std::move(probed).error());
  }
  report.passed.push_back(CheckStep::kProbe);
  report.plugin = std::move(probed).value();

  if (path.filename() != report.plugin->id + ".so") {
    return fail_at(CheckStep::kName,
                   {StatusCode::kBadData,
                    path.string() + ": the plugin calls itself '" + report.plugin->id + "'",
                    "name the file " + report.plugin->id + ".so", 0});
  }
  report.passed.push_back(CheckStep::kName);
  return report;
}

} // namespace schedrig::loader

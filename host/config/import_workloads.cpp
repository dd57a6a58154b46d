// SPDX-License-Identifier: MIT
#include "host/config/import_workloads.hpp"

#include <filesystem>
#include <utility>

#include "host/config/layers.hpp"
#include "host/config/limits.hpp"
#include "host/config/read_file.hpp"
#include "host/import/rt_app.hpp"
#include "host/text/quote.hpp"

namespace schedrig::config {
namespace {

// Relative to the file that names it; a --set stands for the first.
std::string path_of(const Workload& workload, const Sources& sources) {
  const Source& by = sources[workload.import_pos.file];
  const std::string& from = by.kind == SourceKind::kSet ? sources.front().name : by.name;
  return (std::filesystem::path(from).parent_path() / workload.import).lexically_normal().string();
}

bool add_source(const Workload& workload, Sources& sources, Diagnostics& errors) {
  if (sources.size() >= kMaxFiles) {
    errors.add(workload.import_pos,
               "the config has more than " + std::to_string(kMaxFiles) + " files",
               "put the tasks of several workloads into one file");
    return false;
  }
  const std::string path = path_of(workload, sources);
  auto text = read_file(path, kMaxFileBytes);
  if (!text) {
    errors.add(workload.import_pos,
               "import " + text::quote(workload.import) +
                   (path == workload.import ? "" : ", that is " + text::quote(path)) + ": " +
                   text.error().message,
               "paths are relative to the file that says them");
    return false;
  }
  sources.push_back({path, *std::move(text), SourceKind::kFile});
  return true;
}

} // namespace

void import_workloads(Scenario& scenario, Sources& sources, Diagnostics& errors) {
  std::uint32_t next_resource = 0;
  for (const Workload& workload : scenario.workloads) {
    if (workload.import.empty() || !add_source(workload, sources, errors)) {
      continue;
    }
    const auto file = static_cast<std::uint32_t>(sources.size() - 1);
    scenario.files.push_back(sources.back().name);
    const auto pos = [file](json::Place place) {
      return SourcePos{.file = file, .line = place.line, .column = place.column};
    };
    import::RtApp imported = import::import_rt_app(sources.back().text, next_resource);
    next_resource = imported.next_resource;
    for (import::Problem& problem : imported.problems) {
      errors.add(pos(problem.place), std::move(problem.message), std::move(problem.help));
    }
    for (import::ImportedTask& task : imported.tasks) {
      task.work.pos = pos(task.place);
      scenario.backdrop.ops.push_back(
          {Spawn{.cgroup = workload.cgroup, .work = std::move(task.work)}, workload.pos});
    }
  }
}

} // namespace schedrig::config

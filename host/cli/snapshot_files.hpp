// SPDX-License-Identifier: MIT
// SnapshotFiles: where the snapshots of a run go: beside its JSON document, "out/a.json" having
// "out/a.snapshot-here.json"; without one into the folder of [report], by the run's name and seed.
// Thread: host.
#pragma once

#include <set>
#include <string>

#include <schedrig/scenario.hpp>

#include "host/cli/report_paths.hpp"
#include "host/engine/snapshots.hpp"

namespace schedrig::cli {

// What the paths of all snapshot files of a run begin with.
[[nodiscard]] std::string snapshot_files_start(const ReportPaths& paths, const Scenario& scenario);
// And those of several runs, each with a seed of its own.
[[nodiscard]] std::string snapshot_files_start_of_several(const Scenario& scenario);

class SnapshotFiles final : public engine::SnapshotSink {
 public:
  SnapshotFiles(const ReportPaths& paths, const Scenario& scenario);

  // The file is written whole, over one of an earlier run. Names of one run that differ in letters
  // which files do not take get files of their own.
  Result<std::string> keep(const std::string& name, const std::string& document) override;
  // Where the run writes its JSON document into a file: no other run leaves one unasked.
  [[nodiscard]] bool keeps_unasked() const override { return beside_report_; }

 private:
  std::set<std::string> kept_; // paths
  std::string start_;
  bool beside_report_;
};

} // namespace schedrig::cli

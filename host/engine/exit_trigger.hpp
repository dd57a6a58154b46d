// SPDX-License-Identifier: MIT
// ExitTrigger: the snapshot of a scheduler's death, read at the write by which the kernel ejects
// it, while all tasks still are where the scheduler left them. The machine is stopped there by its
// stop watch; what was read becomes a snapshot when the exit is told of. Where the watch is not to
// be had, or missed the write, the snapshot is taken then. Thread: host.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <schedrig/result.hpp>
#include <schedrig/stop_watch.hpp>

#include "host/engine/run_report.hpp"
#include "host/engine/snapshots.hpp"
#include "host/kernel_view/live_exit_kind.hpp"

namespace schedrig::engine {

class ExitTrigger final : private StopSink {
 public:
  // Where the attached scheduler's exit kind lies.
  using Find = std::function<Result<kernel_view::LiveExitKind>()>;

  // `facet`: null where the machine has none. All outlive it.
  ExitTrigger(StopWatchFacet* facet, Find find, Snapshots& snapshots)
      : facet_(facet), find_(std::move(find)), snapshots_(snapshots) {}
  ExitTrigger(const ExitTrigger&) = delete;
  ExitTrigger& operator=(const ExitTrigger&) = delete;
  ~ExitTrigger() { disarm(); }

  // Watches the one that is attached, or none any more.
  void scheduler_changed(bool attached);
  // Of an error: gives the exit its snapshot.
  void on_exit(SchedulerEvent& exit);

 private:
  void on_stop(const WatchCapture& capture) noexcept override;
  void on_go_on(std::int64_t frozen_ns) noexcept override;
  Result<> arm();
  void disarm();

  StopWatchFacet* facet_;
  Find find_;
  Snapshots& snapshots_;
  bool armed_ = false;
  std::string no_watch_ = "no scheduler was watched"; // empty: armed_, and nothing is wrong with it
  kernel_view::LiveExitKind kind_;                    // if armed_
  std::optional<StandingSnapshot> read_;              // at the write
};

} // namespace schedrig::engine

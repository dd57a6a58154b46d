// SPDX-License-Identifier: MIT
// The steps of a scenario on a KernelMachine, into a report.
#pragma once

#include <optional>

#include "host/engine/scenario_runner.hpp"
#include "host/engine/scheduler_control.hpp"
#include "tests/unit/engine/kernel_machine.hpp"
#include "tests/unit/engine/no_schedulers.hpp"

namespace schedrig::engine {

struct SnapshotParts {
  SnapshotReader& reader;
  SnapshotSink& sink;
};

// Whether the machine was lost on the way.
inline bool run_on(KernelMachine& machine, const Scenario& scenario, RunObserver& observer,
                   RunReport& report, std::optional<SnapshotParts> parts = {}) {
  EventCollector events(observer);
  machine.machine.events = &events;
  const Cancellation cancellation;
  const Topology topology = Topology::uniform(1, 1, 1, 1);
  const TopologyView view = topology.view();
  Session session(machine.machine, machine.machine.files_facet(), machine.machine.tasks_facet(),
                  view, events, cancellation);
  const RunConfig config;
  NoSchedulers facet;
  SchedulerControl schedulers(facet, machine.machine, events, {}, config, report, observer);
  session.set_schedulers(schedulers);
  session.set_targets(machine);
  std::optional<Snapshots> snapshots;
  if (parts) {
    snapshots.emplace(session, parts->reader, &parts->sink, report, observer);
  }
  run_steps(scenario, session, observer, report, snapshots ? &*snapshots : nullptr);
  machine.machine.events = nullptr;
  return session.lost();
}

} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
// Runs a scenario's backdrop and steps on a booted machine and tears everything down again.
// Thread: host.
#pragma once

#include <schedrig/scenario.hpp>

#include "host/engine/exit_trigger.hpp"
#include "host/engine/monitor.hpp"
#include "host/engine/observer.hpp"
#include "host/engine/run_report.hpp"
#include "host/engine/session.hpp"
#include "host/engine/snapshots.hpp"

namespace schedrig::engine {

// Fills the report's backdrop, steps, workers, cgroup_procs and, on failure, cause. The machine's
// cgroup tree is afterwards as before, unless the machine is lost. A failed op ends its step; steps
// after a failed one are recorded with verdict skip.
// `snapshots`: null where nobody can take one; `monitor`: null where nobody asked for one;
// `trigger`: of a scheduler's exit, null: its snapshot is taken when it is told of.
void run_steps(const Scenario& scenario, Session& session, RunObserver& observer, RunReport& report,
               Snapshots* snapshots = nullptr, Monitor* monitor = nullptr,
               ExitTrigger* trigger = nullptr);

} // namespace schedrig::engine

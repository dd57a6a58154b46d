// SPDX-License-Identifier: MIT
#include "host/engine/run.hpp"

#include <algorithm>
#include <chrono>

#include <schedrig/files.hpp>
#include <schedrig/schedulers.hpp>
#include <schedrig/tasks.hpp>

#include "host/engine/capability.hpp"
#include "host/engine/checks.hpp"
#include "host/engine/machine_handle.hpp"
#include "host/engine/payload_checks.hpp"
#include "host/engine/scenario_runner.hpp"
#include "host/engine/watchdog.hpp"

namespace schedrig::engine {
namespace {

// Attaching verifies a BPF program on a real kernel; ops.hpp gives the same for attach_scheduler.
constexpr std::int64_t kAttachNs = 30'000'000'000;
constexpr std::int64_t kShutDownNs =
    5'000'000'000; // power-off of an idle guest takes well under 1 s

class FactCollector final : public FactSink {
 public:
  explicit FactCollector(RunReport& report) : report_(report) {}
  void on_fact(std::string_view key, std::string_view value) noexcept override {
    report_.machine.emplace_back(key, value);
  }

 private:
  RunReport& report_;
};

class Run {
 public:
  Run(const RunRequest& request, RunObserver& observer, Cancellation& cancellation)
      : request_(request), scenario_(request.scenario), observer_(observer),
        cancellation_(cancellation), events_(observer) {
    report_.name = scenario_.run.name;
    report_.config = scenario_.files.empty() ? "" : scenario_.files.front();
    report_.backend = request.backend_id;
    report_.scheduler = request.scheduler_id;
    report_.seed = scenario_.run.seed;
    report_.topology = to_string(scenario_.machine.topology.view());
    report_.backdrop.name = "backdrop";
  }

  RunReport run() {
    if (refuse_what_cannot_run()) {
      return std::move(report_);
    }
    {
      const Watchdog watchdog(std::chrono::nanoseconds(scenario_.run.deadline_ns), cancellation_,
                              report_.name);
      run_machine();
    }
    report_.scheduler_events = events_.scheduler_exits();
    judge();
    return std::move(report_);
  }

 private:
  void end_with(RunEnd end, Error error) {
    report_.end = end;
    report_.verdict = Verdict::kError;
    if (!report_.cause) {
      report_.cause = std::move(error);
    }
  }

  bool refuse_what_cannot_run() {
    BackendInfo info;
    request_.backend.info(&info);
    const auto missing =
        missing_capabilities(scenario_, request_.backend_id, info, read_facets(request_.backend));
    if (missing.empty()) {
      return false;
    }
    const Missing& first = missing.front();
    std::string message = first.message;
    if (first.pos.line != 0) {
      message =
          scenario_.files[first.pos.file] + ":" + std::to_string(first.pos.line) + ": " + message;
    }
    if (missing.size() > 1) {
      message += " (and " + std::to_string(missing.size() - 1) +
                 " more; `schedrig check` lists "
                 "them)";
    }
    end_with(RunEnd::kRefused, {StatusCode::kUnsupported, message, first.help, 0});
    return true;
  }

  void run_machine() {
    const MachineSpec spec = {.topology = scenario_.machine.topology.view(),
                              .memory_bytes = scenario_.machine.memory_bytes,
                              .kernel_image = request_.kernel_image,
                              .kernel_cmdline = scenario_.machine.cmdline,
                              .seed = scenario_.run.seed,
                              .params = request_.backend_params};
    auto machine = MachineHandle::create(request_.backend, spec, events_, cancellation_);
    if (!machine) {
      end_with(RunEnd::kInfrastructure, std::move(machine).error().context("create the machine"));
      return;
    }
    run_booted(**machine);
    observer_.on_phase("shutting down");
    if (auto down = from_status((*machine)->shut_down(kShutDownNs)); !down && !report_.cause) {
      end_with(RunEnd::kInfrastructure, std::move(down).error().context("shut the machine down"));
    }
    FactCollector facts(report_);
    (*machine)->describe(facts);
  }

  void run_booted(Machine& machine) {
    auto* files = query<FilesFacet>(machine);
    auto* tasks = query<TasksFacet>(machine);
    auto* schedulers = query<SchedulersFacet>(machine);
    if (files == nullptr || tasks == nullptr || schedulers == nullptr) {
      end_with(RunEnd::kInfrastructure, {StatusCode::kInternal,
                                         "backend \"" + report_.backend +
                                             "\" offers files, tasks and schedulers, but its "
                                             "machine lacks one of them",
                                         "this is a defect of the backend", 0});
      return;
    }
    if (auto can = from_status(schedulers->can_attach(report_.scheduler, request_.scheduler));
        !can) {
      end_with(RunEnd::kRefused,
               std::move(can).error().context("scheduler \"" + report_.scheduler +
                                              "\" on backend \"" + report_.backend + "\""));
      return;
    }
    observer_.on_phase("booting");
    if (auto booted = from_status(machine.boot(scenario_.run.deadline_ns)); !booted) {
      end_early(std::move(booted).error().context("boot"));
      return;
    }
    observer_.on_phase("attaching " + report_.scheduler);
    if (auto attached = from_status(schedulers->attach(report_.scheduler, request_.scheduler,
                                                       request_.scheduler_params, kAttachNs));
        !attached) {
      end_early(
          std::move(attached).error().context("attach scheduler \"" + report_.scheduler + "\""));
      return;
    }
    const TopologyView topology = spec_topology();
    Session session(machine, *files, *tasks, topology, events_, cancellation_);
    session.set_deadline(scenario_.run.deadline_ns);
    if (auto online = session.read_online_cpus(); !online) {
      end_early(std::move(online).error().context("look at the machine"));
      return;
    }
    observer_.on_phase("running");
    run_steps(scenario_, session, observer_, report_);
    if (cancellation_.requested() ||
        (report_.cause && report_.cause->code == StatusCode::kTimeout &&
         machine.now_ns() >= scenario_.run.deadline_ns)) {
      end_cancelled();
    } else if (events_.machine_failure()) {
      end_with(RunEnd::kInfrastructure, *events_.machine_failure());
    }
  }

  [[nodiscard]] TopologyView spec_topology() const { return scenario_.machine.topology.view(); }

  // The machine was not ready when `error` happened: cancelled, or infrastructure.
  void end_early(Error error) {
    if (cancellation_.requested()) {
      report_.cause = std::move(error); // says how far it got
      end_cancelled();
      return;
    }
    end_with(RunEnd::kInfrastructure, std::move(error));
  }

  void end_cancelled() {
    const bool interrupted = cancellation_.reason() == CancelReason::kInterrupted;
    report_.end = interrupted ? RunEnd::kInterrupted : RunEnd::kDeadline;
    report_.verdict = Verdict::kError;
    if (!report_.cause) {
      report_.cause = cancellation_error(cancellation_.reason());
    }
  }

  void judge() {
    if (report_.verdict == Verdict::kError) {
      return;
    }
    report_.checks = evaluate_checks(scenario_.checks, report_.workers);
    const auto gates = gating_checks(report_.payloads);
    report_.checks.insert(report_.checks.end(), gates.begin(), gates.end());
    report_.verdict = report_.cause ? Verdict::kFail : Verdict::kPass; // skip is weaker than pass
    const auto worst = std::ranges::max_element(report_.checks, {}, &CheckRecord::verdict);
    if (worst != report_.checks.end() && worst->verdict > report_.verdict) {
      report_.verdict = worst->verdict;
      report_.cause =
          Error{StatusCode::kGuestFailed, "check " + worst->name + ": " + worst->observed,
                "limit: " + worst->limit, 0};
    }
    if (scenario_.run.expect == Expectation::kFail) {
      apply_expected_failure();
    }
  }

  void apply_expected_failure() {
    if (report_.verdict == Verdict::kFail) {
      report_.verdict = Verdict::kPass;
    } else if (report_.verdict == Verdict::kPass) {
      report_.verdict = Verdict::kFail;
      report_.cause =
          Error{StatusCode::kGuestFailed, "the run passed, but the scenario says expect = \"fail\"",
                "remove expect, or make the scenario fail again", 0};
    }
  }

  const RunRequest& request_;
  const Scenario& scenario_;
  RunObserver& observer_;
  Cancellation& cancellation_;
  EventCollector events_;
  RunReport report_;
};

} // namespace

RunReport run(const RunRequest& request, RunObserver& observer, Cancellation& cancellation) {
  return Run(request, observer, cancellation).run();
}

} // namespace schedrig::engine

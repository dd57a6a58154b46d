// SPDX-License-Identifier: MIT
#include "host/engine/run.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

#include <schedrig/files.hpp>
#include <schedrig/schedulers.hpp>
#include <schedrig/tasks.hpp>

#include "host/engine/capability.hpp"
#include "host/engine/exit_trigger.hpp"
#include "host/engine/failure.hpp"
#include "host/engine/kernel_view_targets.hpp"
#include "host/engine/machine_handle.hpp"
#include "host/engine/memory_regions.hpp"
#include "host/engine/run_schedulers.hpp"
#include "host/engine/scenario_runner.hpp"
#include "host/engine/verdict.hpp"
#include "host/engine/watchdog.hpp"
#include "host/engine/watched_machine.hpp"

namespace schedrig::engine {
namespace {

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
        cancellation_(cancellation), events_(observer, request.scenario.checks.kernel_log) {
    report_.name = scenario_.run.name;
    report_.config = scenario_.files.empty() ? "" : scenario_.files.front();
    report_.backend = request.backend_id;
    report_.scheduler = scheduler_label(request_);
    report_.seed = scenario_.run.seed;
    report_.topology = to_string(scenario_.machine.topology.view());
    report_.backdrop.name = "backdrop";
    regions_ = memory_regions(scenario_.machine);
  }

  RunReport run() {
    observer_.on_run(report_);
    carry_out();
    observer_.on_end(report_);
    return std::move(report_);
  }

 private:
  void carry_out() {
    if (refuse_what_cannot_run()) {
      return;
    }
    {
      const Watchdog watchdog(std::chrono::nanoseconds(scenario_.run.deadline_ns), cancellation_,
                              report_.name);
      run_machine();
    }
    if (request_.templates != nullptr && !cancellation_.requested()) {
      request_.templates->store(notice()); // no part of the run: its deadline does not hold for it
    }
    report_.kernel_log = events_.kernel_log().complaints();
    if (report_.verdict != Verdict::kError) {
      judge(scenario_, events_.kernel_log(), report_);
    }
    report_.failure = explain_failure(scenario_, report_);
  }

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

  [[nodiscard]] MachineSpec spec() const {
    return {.topology = scenario_.machine.topology.view(),
            .memory_bytes = scenario_.machine.memory_bytes,
            .kernel_image = request_.kernel_image,
            .kernel_cmdline = scenario_.machine.cmdline,
            .seed = scenario_.run.seed,
            .params = request_.backend_params,
            .regions = regions_};
  }

  void run_machine() {
    if (request_.templates == nullptr) {
      run_cold();
      return;
    }
    auto start = request_.templates->start(spec(), cancellation_, notice());
    if (!start || !run_from_template(*std::move(start))) {
      run_cold();
    }
  }

  void run_cold() {
    auto machine = MachineHandle::create(request_.backend, spec(), events_, cancellation_);
    if (!machine) {
      end_with(RunEnd::kInfrastructure, std::move(machine).error().context("create the machine"));
      return;
    }
    report_.start = MachineStart::kCold;
    if (may_boot(**machine)) {
      observer_.on_phase("booting", (*machine)->now_ns());
      if (auto booted = from_status((*machine)->boot(scenario_.run.deadline_ns)); !booted) {
        end_early(std::move(booted).error().context("boot"));
      } else {
        if (request_.templates != nullptr) {
          request_.templates->save(**machine, spec(), notice());
        }
        run_booted(**machine);
      }
    }
    shut_down(**machine);
  }

  // False: the template is no good, and the run has not begun.
  bool run_from_template(Templates::Start start) {
    Machine& machine = *start.machine;
    report_.start = start.how;
    if (may_boot(machine)) {
      observer_.on_phase(start.how == MachineStart::kReset ? "resetting to a template"
                                                           : "starting from a template",
                         machine.now_ns());
      auto booted = request_.templates->boot(machine, scenario_.run.deadline_ns, events_);
      if (!booted && !cancellation_.requested()) {
        notice()("no machine starts from the template, it boots: " + booted.error().message);
        request_.templates->give_back(std::move(start), false);
        request_.templates->drop(scenario_.run.seed);
        return false;
      }
      if (booted) {
        run_booted(machine);
      } else {
        end_early(std::move(booted).error().context("start from a template"));
      }
    }
    const bool clean = shut_down(machine);
    const bool well = clean && !events_.machine_failure() && !events_.kernel_failure();
    request_.templates->give_back(std::move(start), well);
    return true;
  }

  // What the user should know and no machine says.
  [[nodiscard]] Templates::Notice notice() {
    return [this](const std::string& text) {
      observer_.on_machine_event({.kind = EventKind::kNotice, .text = text});
    };
  }

  // Whether it has what every run needs, and can run the scenario's schedulers.
  bool may_boot(Machine& machine) {
    auto* schedulers = query<SchedulersFacet>(machine);
    if (query<FilesFacet>(machine) == nullptr || query<TasksFacet>(machine) == nullptr ||
        schedulers == nullptr) {
      end_with(RunEnd::kInfrastructure, {StatusCode::kInternal,
                                         "backend \"" + report_.backend +
                                             "\" offers files, tasks and schedulers, but its "
                                             "machine lacks one of them",
                                         "this is a defect of the backend", 0});
      return false;
    }
    if (auto can = check_schedulers(request_, *schedulers); !can) {
      end_with(RunEnd::kRefused, std::move(can).error());
      return false;
    }
    return true;
  }

  bool shut_down(Machine& machine) {
    observer_.on_phase("shutting down", machine.now_ns());
    auto down = from_status(machine.shut_down(kShutDownNs));
    if (!down && !report_.cause) {
      end_with(RunEnd::kInfrastructure, Error(down.error()).context("shut the machine down"));
    }
    FactCollector facts(report_);
    machine.describe(facts);
    return down.has_value();
  }

  // Requires: may_boot().
  void run_booted(Machine& machine) {
    std::optional<KernelViewTargets> targets = kernel_of(machine);
    auto* const control = query<WatchdogFacet>(machine);
    if (control == nullptr || control->timeout_ns() == 0 || !targets) {
      run_attached(machine, targets);
      return;
    }
    ScxWatchdog watchdog(machine, *targets, *query<MemoryFacet>(machine), *control,
                         cpu_count(spec_topology()));
    WatchedMachine watched(machine, watchdog);
    run_attached(watched, targets);
    watchdog.report(report_);
  }

  void run_attached(Machine& machine, std::optional<KernelViewTargets>& targets) {
    auto& files = *query<FilesFacet>(machine);
    auto& tasks = *query<TasksFacet>(machine);
    auto& schedulers = *query<SchedulersFacet>(machine);
    SchedulerControl control(schedulers, machine, events_, request_.schedulers, scenario_.run,
                             report_, observer_);
    auto* const stop_watch = query<StopWatchFacet>(machine);
    if (targets &&
        (looks_into_kernel(scenario_) || (stop_watch != nullptr && !request_.schedulers.empty()))) {
      // Reading an image may take seconds: not those in which a step holds a CPU still, nor a
      // scheduler's first ones. What is wrong is said where it is needed.
      static_cast<void>(targets->prepare());
    }
    observer_.on_phase("attaching " + report_.scheduler, machine.now_ns());
    if (auto attached = attach_first(request_, schedulers, control); !attached) {
      end_attach(std::move(attached).error());
      return;
    }
    const TopologyView topology = spec_topology();
    Session session(machine, files, tasks, topology, events_, cancellation_);
    session.set_deadline(scenario_.run.deadline_ns);
    session.set_schedulers(control);
    session.set_freeze_windows(report_.freeze_windows);
    std::optional<Snapshots> snapshots;
    std::optional<ExitTrigger> trigger;
    if (targets) {
      session.set_targets(*targets);
      snapshots.emplace(session, *targets, request_.snapshots, report_, observer_);
      trigger.emplace(stop_watch, [&targets] { return targets->live_exit_kind(); }, *snapshots);
    }
    if (auto online = session.read_online_cpus(); !online) {
      end_early(std::move(online).error().context("look at the machine"));
      return;
    }
    observer_.on_phase("running", machine.now_ns());
    std::optional<Monitor> monitor;
    if (const auto period = monitor_period(scenario_); period && targets) {
      monitor.emplace(*targets, scenario_.checks, *period, machine.now_ns(), report_);
    }
    run_steps(scenario_, session, observer_, report_, snapshots ? &*snapshots : nullptr,
              monitor ? &*monitor : nullptr, trigger ? &*trigger : nullptr);
    report_.guest_requests = session.guest_request_counts();
    if (const RingServer* ring = session.ring()) {
      report_.ring = ring->record();
    }
    judge_exits(control);
    if (cancellation_.requested() ||
        (report_.cause && report_.cause->code == StatusCode::kTimeout &&
         machine.now_ns() >= scenario_.run.deadline_ns)) {
      end_cancelled();
    } else if (const auto& kernel = events_.kernel_failure(); kernel) {
      // It explains whatever else failed after it.
      if (!report_.cause || report_.cause->message.find(kernel->message) == std::string::npos) {
        report_.cause = *kernel;
      }
    } else if (const auto& failure = events_.machine_failure(); failure) {
      end_with(RunEnd::kInfrastructure, *failure);
    }
  }

  // Nothing where the machine's memory or its kernel cannot be looked into.
  [[nodiscard]] std::optional<KernelViewTargets> kernel_of(Machine& machine) const {
    auto* const memory = query<MemoryFacet>(machine);
    auto* const own = query<KernelFacet>(machine);
    if (memory == nullptr || (own == nullptr && request_.kernel_image.empty())) {
      return std::nullopt;
    }
    using Image = KernelViewTargets::Image;
    return std::make_optional<KernelViewTargets>(
        own != nullptr ? Image(own) : Image(request_.kernel_image), *memory);
  }

  // A scheduler that cannot be attached is a finding about it; a machine that died is not.
  void end_attach(Error error) {
    if (cancellation_.requested() || events_.machine_failure()) {
      end_early(std::move(error));
      return;
    }
    report_.verdict = Verdict::kFail;
    report_.cause = std::move(error);
  }

  // Exits that no step has met: of the last teardown, or one that was to happen and did not.
  void judge_exits(SchedulerControl& control) {
    auto alive = control.look();
    if (report_.cause) {
      return;
    }
    report_.cause = alive ? missing_exit(scenario_.run, control) : std::move(alive).error();
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

  const RunRequest& request_;
  const Scenario& scenario_;
  RunObserver& observer_;
  Cancellation& cancellation_;
  std::vector<MemoryRegion> regions_; // of the machine to create
  EventCollector events_;
  RunReport report_;
};

} // namespace

RunReport run(const RunRequest& request, RunObserver& observer, Cancellation& cancellation) {
  return Run(request, observer, cancellation).run();
}

} // namespace schedrig::engine

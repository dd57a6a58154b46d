// SPDX-License-Identifier: MIT
#include "host/engine/scenario_runner.hpp"

#include <algorithm>

#include "host/engine/dispatch.hpp"
#include "host/engine/hold.hpp"
#include "host/engine/hold_until.hpp"
#include "host/engine/ops_bpf_map.hpp"
#include "host/engine/ops_cgroup.hpp"
#include "host/engine/ops_watch.hpp"
#include "host/engine/payloads.hpp"
#include "host/engine/sched_commands.hpp"
#include "host/engine/workers.hpp"

namespace schedrig::engine {
namespace {

// Often enough for a status line, seldom enough to cost nothing.
constexpr std::int64_t kProgressNs = 100'000'000;
// Stream numbers of Prng, from the host's first on: fixed, so that a new one shifts no other.
constexpr std::uint64_t kAffinityStream = 1000;

class Runner {
 public:
  Runner(const Scenario& scenario, Session& session, RunObserver& observer, RunReport& report,
         Snapshots* snapshots, Monitor* monitor, ExitTrigger* trigger)
      : scenario_(scenario), session_(session), observer_(observer), report_(report),
        snapshots_(snapshots), monitor_(monitor), trigger_(trigger),
        times_(scenario.observe.snapshots.value_or(0), session.now_ns(), scenario.run.duration_ns),
        tree_(session), affinity_random_(scenario.run.seed, kAffinityStream) {}

  void run() {
    if (snapshots_ != nullptr) {
      session_.set_snapshots([this](const std::string& name) {
        return snapshots_->take(name, "request", "a program's request");
      });
      session_.schedulers().set_on_error([this](SchedulerEvent& exit) {
        trigger_ != nullptr ? trigger_->on_exit(exit) : snapshots_->take_at_exit(exit);
      });
    }
    if (trigger_ != nullptr) {
      session_.schedulers().set_on_change(
          [this](bool attached) { trigger_->scheduler_changed(attached); });
      trigger_->scheduler_changed(!session_.schedulers().attached().empty());
    }
    if (auto made = tree_.set_up(); !made) {
      fail_step(report_.backdrop, std::move(made).error().context("set up the run's cgroup"), {});
    }
    if (report_.backdrop.verdict == Verdict::kPass) {
      run_backdrop();
    }
    for (std::size_t i = 0; i < scenario_.steps.size(); ++i) {
      run_step(i);
    }
    session_.begin_teardown();
    if (monitor_ != nullptr) {
      report_.monitor_checks = monitor_->records();
    }
    if (snapshots_ != nullptr) { // the machine is taken apart now
      session_.set_snapshots({});
      session_.schedulers().set_on_error({});
    }
    if (trigger_ != nullptr) {
      session_.schedulers().set_on_change({});
      trigger_->scheduler_changed(false);
    }
    StepRecord& backdrop = report_.backdrop;
    const Scope scope = {.owner = Owner::kBackdrop, .name = "backdrop"};
    tear_down(scope, backdrop);
    end_commands(backdrop);
    if (!session_.lost()) {
      if (auto unpinned = unpin_maps(session_); !unpinned) {
        fail_step(backdrop, std::move(unpinned).error().context("let go of BPF maps"), {});
      }
      if (auto removed = tree_.tear_down(); !removed) {
        fail_step(backdrop, std::move(removed).error().context("remove the run's cgroup"), {});
      }
    }
    backdrop.end_ns = session_.now_ns();
    observer_.on_step_end(0, backdrop);
  }

 private:
  [[nodiscard]] OpContext context(const Scope& scope, SourcePos pos) {
    return {.scenario = scenario_,
            .session = session_,
            .tree = tree_,
            .books = books_,
            .payloads = payloads_,
            .report = report_,
            .observer = observer_,
            .snapshots = snapshots_,
            .affinity_random = affinity_random_,
            .scope = scope,
            .pos = pos};
  }

  // The first failure of the run is its cause; `where` says where in the scenario it happened.
  void fail_step(StepRecord& step, Error error, const std::string& where,
                 bool inconclusive = false) {
    // Of what an interrupt cut short nobody knows how it would have ended.
    inconclusive = inconclusive || error.code == StatusCode::kInterrupted;
    step.verdict = std::max(step.verdict, inconclusive ? Verdict::kInconclusive : Verdict::kFail);
    if (!report_.cause) {
      report_.cause = where.empty() ? error : Error(error).context(where);
    }
    if (!step.error) {
      step.error = std::move(error);
    }
  }

  [[nodiscard]] std::string source(SourcePos pos) const {
    if (pos.line == 0 || pos.file >= scenario_.files.size()) {
      return "";
    }
    return " (" + scenario_.files[pos.file] + ":" + std::to_string(pos.line) + ")";
  }

  void run_backdrop() {
    StepRecord& record = report_.backdrop;
    const Scope scope = {.owner = Owner::kBackdrop, .name = "backdrop"};
    record.start_ns = session_.now_ns();
    if (set_up(scope, scenario_.backdrop.cgroups, record)) {
      apply_ops(scope, "backdrop", scenario_.backdrop.ops, 0, record);
    }
  }

  void run_step(std::size_t index) {
    const Step& step = scenario_.steps[index];
    StepRecord& record = report_.steps.emplace_back();
    record.name = step.name;
    record.start_ns = record.end_ns = session_.now_ns();
    const SchedCommands* commands = session_.commands();
    if (report_.cause || (commands != nullptr && commands->shutdown())) {
      record.verdict = Verdict::kSkip;
      return;
    }
    session_.go_on_with_commands();
    const Scope scope = {.owner = Owner::kStep, .name = "step \"" + step.name + "\""};
    const std::string where = "step " + std::to_string(index + 1) + " \"" + step.name + "\"";
    const auto number = static_cast<std::uint32_t>(index + 1);
    observer_.on_step(number, static_cast<std::uint32_t>(scenario_.steps.size()), record);
    const HoldPlan hold = plan(step.hold, scenario_.run.duration_ns);
    const bool loops = hold.every_ns > 0;
    if (auto alive = session_.check(); !alive) {
      fail_step(record, std::move(alive).error(), "before " + where);
      observer_.on_step_end(number, record);
      return;
    }
    // A looping step makes its setup once and then repeats its ops; else ops come first.
    const bool ready =
        loops ? set_up(scope, step.setup, record)
              : apply_ops(scope, where, step.ops, 0, record) && set_up(scope, step.setup, record);
    if (ready) {
      const auto* until = std::get_if<HoldUntil>(&step.hold);
      auto held = loops ? hold_looping(scope, where, step.ops, hold, record)
                  : until != nullptr
                      ? hold_until(session_, *until)
                      : hold_for(session_.now_ns(), hold.duration_ns, hold.duration_ns);
      if (held) {
        held = session_.check_alive();
      }
      if (!held && !was_meant_to_end()) {
        fail_step(record, std::move(held).error(), where + ", hold");
      }
    }
    tear_down(scope, record);
    record.end_ns = session_.now_ns();
    observer_.on_step_end(number, record);
  }

  // The machine was shut down by a command that wants just that.
  [[nodiscard]] bool was_meant_to_end() {
    return session_.is_shut_down() && session_.commands()->ended_well();
  }

  bool set_up(const Scope& scope, const std::vector<CgroupDef>& defs, StepRecord& record) {
    for (const CgroupDef& def : defs) {
      OpContext here = context(scope, def.pos);
      if (auto made = create_cgroup(here, def); !made) {
        fail_step(record, std::move(made).error(),
                  scope.name + ", cgroup \"" + def.name + "\"" + source(def.pos));
        return false;
      }
    }
    return true;
  }

  bool apply_ops(const Scope& scope, const std::string& where, const std::vector<Op>& ops,
                 std::uint32_t iteration, StepRecord& record) {
    bool failed = false;
    for (std::size_t i = 0; i < ops.size();) {
      const std::span<const Op> rest = std::span(ops).subspan(i);
      const auto index = static_cast<std::uint32_t>(i + 1);
      std::vector<OpRecord> done;
      if (failed) {
        done = {not_run(rest.front(), index, iteration)};
      } else if (session_.is_shut_down()) {
        done = {not_run(rest.front(), index, iteration)};
        done.front().status = OpStatus::kFailed;
        done.front().error = session_.commands()->shutdown_error();
      } else {
        OpContext here = context(scope, rest.front().pos);
        done = apply_next(here, rest, index, iteration);
      }
      i += done.size();
      for (OpRecord& op : done) {
        if (op.error) {
          failed = true;
          fail_step(record, *op.error,
                    where + ", op " + std::to_string(op.index) + " " + op.kind + source(op.pos),
                    op.inconclusive);
        }
        observer_.on_op(op);
        record.ops.push_back(std::move(op));
      }
    }
    return !failed;
  }

  [[nodiscard]] OpRecord not_run(const Op& op, std::uint32_t index, std::uint32_t iteration) const {
    OpRecord record;
    record.kind = op_info(op.body).name;
    record.index = index;
    record.iteration = iteration;
    record.pos = op.pos;
    record.status = OpStatus::kNotRun;
    record.start_ns = record.end_ns = session_.now_ns();
    return record;
  }

  // Waits until start + until, reporting progress against total.
  Result<> hold_for(std::int64_t start_ns, std::int64_t until_ns, std::int64_t total_ns) {
    TRY(session_.check()); // also where nothing is waited for
    TRY(take_due());
    std::int64_t elapsed = session_.now_ns() - start_ns;
    while (elapsed < until_ns) {
      observer_.on_hold(start_ns, elapsed, total_ns);
      const std::int64_t next = start_ns + std::min(elapsed + kProgressNs, until_ns);
      const std::int64_t sample =
          monitor_ == nullptr ? INT64_MAX : std::max(monitor_->next_ns(), session_.now_ns() + 1);
      TRY(session_.wait_until(std::min({next, times_.next_ns(), sample})));
      TRY(take_due());
      elapsed = session_.now_ns() - start_ns;
    }
    if (until_ns == total_ns && total_ns > 0) {
      observer_.on_hold(start_ns, total_ns, total_ns);
    }
    return {};
  }

  // Ops at start, start + every, ...; an iteration that takes longer than `every` delays the next
  // one and is not made up for.
  Result<> hold_looping(const Scope& scope, const std::string& where, const std::vector<Op>& ops,
                        const HoldPlan& hold, StepRecord& record) {
    const std::int64_t start = session_.now_ns();
    std::int64_t next = 0;
    for (std::uint32_t iteration = 0; next < hold.duration_ns; ++iteration) {
      TRY(hold_for(start, next, hold.duration_ns));
      if (!apply_ops(scope, where, ops, iteration, record)) {
        return {}; // recorded with the op
      }
      next = std::max(next + hold.every_ns, session_.now_ns() - start);
    }
    return hold_for(start, hold.duration_ns, hold.duration_ns);
  }

  // Collects and removes what the scope owns, last made first.
  void tear_down(const Scope& scope, StepRecord& record) {
    OpContext here = context(scope, {});
    const auto note = [&](Result<> result) {
      if (!result) {
        fail_step(record, std::move(result).error(), scope.name + ", teardown");
      }
    };
    if (report_.cause) {
      session_.begin_teardown(); // no step follows; a cancelled run may still clean up
    }
    note(session_.pause_commands());
    note(drain_payloads(here, scope.owner));
    note(end_watches(here));
    note(stop_workers_elsewhere(here, scope.owner));
    auto& cgroups = books_.cgroups();
    for (auto at = cgroups.end(); at != cgroups.begin();) {
      auto cgroup = std::prev(at);
      if (cgroup->scope.owner != scope.owner) {
        at = cgroup;
        continue;
      }
      note(remove_cgroup(here, *cgroup)); // erases it; `at` stays valid
    }
  }

  // Nothing follows: physical CPUs are free again, and what was commanded is reported.
  void end_commands(StepRecord& backdrop) {
    SchedCommands* commands = session_.commands();
    if (commands == nullptr) {
      return;
    }
    if (auto unpinned = commands->unpin_all(); !unpinned) {
      fail_step(backdrop, std::move(unpinned).error().context("undo pin_override"), {});
    }
    report_.sched_commands = commands->records();
    report_.shutdown = commands->shutdown();
  }

  // Snapshots of [observe] that are due.
  Result<> take_due() {
    if (monitor_ != nullptr && session_.now_ns() >= monitor_->next_ns()) {
      monitor_->look(session_.now_ns());
    }
    while (session_.now_ns() >= times_.next_ns() && snapshots_ != nullptr) {
      times_.advance();
      auto taken = snapshots_->take("interval", "interval", "[observe] snapshots");
      if (!taken) {
        return std::unexpected(std::move(taken).error().context("[observe] snapshots"));
      }
    }
    return {};
  }

  const Scenario& scenario_;
  Session& session_;
  RunObserver& observer_;
  RunReport& report_;
  Snapshots* snapshots_;
  Monitor* monitor_;
  ExitTrigger* trigger_;
  SnapshotTimes times_;
  CgroupTree tree_;
  Books books_;
  PayloadBooks payloads_;
  Prng affinity_random_;
};

} // namespace

void run_steps(const Scenario& scenario, Session& session, RunObserver& observer, RunReport& report,
               Snapshots* snapshots, Monitor* monitor, ExitTrigger* trigger) {
  Runner(scenario, session, observer, report, snapshots, monitor, trigger).run();
}

} // namespace schedrig::engine

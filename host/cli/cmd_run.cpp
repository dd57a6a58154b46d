// SPDX-License-Identifier: MIT
// `schedrig run CONFIG`: one scenario, one verdict, or with --repeat several.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <schedrig/backend.hpp>

#include "host/cli/lab_run.hpp"
#include "host/cli/machine_templates.hpp"
#include "host/cli/plan.hpp"
#include "host/cli/prepared_run.hpp"
#include "host/cli/repeat.hpp"
#include "host/cli/reproduce.hpp"
#include "host/cli/run_options.hpp"
#include "host/cli/run_outputs.hpp"
#include "host/cli/signals.hpp"
#include "host/cli/snapshot_files.hpp"
#include "host/cli/standard_output.hpp"
#include "host/cli/verb.hpp"
#include "host/engine/run.hpp"
#include "host/report/console.hpp"
#include "host/report/outcome_line.hpp"
#include "host/report/summary.hpp"

namespace schedrig::cli {
namespace {

struct RunVerb {
  RunOptions options;
  RepeatOptions repeat;
  bool in_lab = false;
  bool dry_run = false;
};

engine::RunReport carry_out(const PreparedRun& prepared, const MachineTemplates& templates,
                            int verbosity, engine::ObserverGroup& observers,
                            engine::SnapshotSink& snapshots, SignalThread& signals) {
  engine::Cancellation cancellation;
  const CancelledBySignal attached(signals, cancellation);
  report::Console console({.live = isatty(STDERR_FILENO) == 1, .verbosity = verbosity});
  observers.add(console);
  const std::vector<engine::SchedulerChoice> choices = prepared.choices();
  const engine::RunRequest request = {.scenario = prepared.scenario,
                                      .backend_id = prepared.backend->id,
                                      .backend = *query<Backend>(*prepared.backend->plugin),
                                      .backend_params = prepared.backend_params.view(),
                                      .kernels_own = prepared.kernels_own.choice,
                                      .schedulers = choices,
                                      .kernel_image = prepared.kernel_image,
                                      .snapshots = &snapshots,
                                      .templates = templates.get()};
  return engine::run(request, observers, cancellation);
}

// One run with its reports; *written becomes the exit code for the case that one could not be
// written.
Result<engine::RunReport> carry_out(const PreparedRun& prepared, const MachineTemplates& templates,
                                    int verbosity, const ReportPaths& paths,
                                    const std::string& reproduce, int* written,
                                    SignalThread& signals) {
  RunOutputs outputs(paths, reproduce);
  engine::ObserverGroup observers;
  TRY(outputs.start(observers));
  SnapshotFiles snapshots(paths, prepared.scenario);
  engine::RunReport report =
      carry_out(prepared, templates, verbosity, observers, snapshots, signals);
  if (const auto finished = outputs.finish(report); !finished) {
    *written = report_error(finished.error(), kExitInfrastructure);
  }
  return report;
}

void print_summary(const engine::RunReport& report, const std::string& reproduce,
                   const RunOptions& options, const Globals& globals) {
  if (!options.reports.takes_stdout() && globals.verbosity > kErrorsOnly) {
    std::fputs(report::summary(report, reproduce, use_colour(globals, STDOUT_FILENO)).c_str(),
               stdout);
  }
}

// The line that a program takes for the end of a run, after all else that the run has to say.
// Returns the exit code in it: the run's own, unless only the writing of its reports failed.
int end_run(const engine::RunReport& report, int written) {
  const int flushed = flush_stdout();
  int exit_code = engine::exit_code(report);
  if (exit_code == kExitPass) {
    exit_code = written != kExitPass ? written : flushed;
  }
  std::fprintf(stderr, "%s\n", report::outcome_line(report, exit_code).c_str());
  return exit_code;
}

int run_once(const PreparedRun& prepared, const RunVerb& verb, const Globals& globals,
             SignalThread& signals) {
  int written = kExitPass;
  const std::string reproduce = with_seed(globals.command, verb.options.seed);
  const MachineTemplates templates(prepared, false);
  const auto report = carry_out(prepared, templates, globals.verbosity, verb.options.reports,
                                reproduce, &written, signals);
  if (!report) {
    return end_without_run(verb.options, report_error(report.error(), kExitInfrastructure));
  }
  print_summary(*report, reproduce, verb.options, globals);
  return end_run(*report, written);
}

// Each run with the next seed, for the same one would be the same run on a simulated machine. Only
// runs that do not pass are summed up; the JSON document is the first of these, else the last run.
// Other reports are written for each run. Interrupted between two runs, it ends
// with an outcome line of its own.
int run_several(PreparedRun& prepared, const RunVerb& verb, const Globals& globals,
                SignalThread& signals) {
  const ReportPaths& paths = verb.options.reports;
  Tally tally(verb.repeat);
  const MachineTemplates templates(prepared, true);
  int unwritten = kExitPass; // exit code for reports that could not be written
  bool interrupted = false;  // between two runs
  do {
    int written = kExitPass;
    const std::string reproduce =
        with_seed(globals.command, std::to_string(prepared.scenario.run.seed));
    const bool passed_so_far = tally.exit_code() == kExitPass;
    const auto report = carry_out(prepared, templates, globals.verbosity - 1,
                                  paths.of_run(tally.runs() + 1), reproduce, &written, signals);
    if (!report) {
      return end_without_run(verb.options, report_error(report.error(), kExitInfrastructure));
    }
    tally.add(*report);
    interrupted = signals.asked() && tally.goes_on();
    if (report->verdict != engine::Verdict::kPass) {
      print_summary(*report, reproduce, verb.options, globals);
    }
    const bool first_bad = passed_so_far && tally.exit_code() != kExitPass;
    if (first_bad || (passed_so_far && (interrupted || !tally.goes_on()))) {
      if (const auto json = write_report(ReportFormat::kJson, paths, *report, reproduce); !json) {
        written = report_error(json.error(), kExitInfrastructure);
      }
    }
    if (const int code = end_run(*report, written); code != engine::exit_code(*report)) {
      unwritten = code;
    }
    ++prepared.scenario.run.seed;
  } while (tally.goes_on() && !interrupted);
  std::fputs(tally.line().c_str(), paths.takes_stdout() ? stderr : stdout);
  if (interrupted) {
    flush_stdout();
    return end_without_run(verb.options, kExitInterrupted);
  }
  return tally.exit_code() == kExitPass ? unwritten : tally.exit_code();
}

int run_here(RunVerb verb, const Globals& globals) {
  RunOptions& options = verb.options;
  if (verb.dry_run) {
    return print_plan(options, verb.repeat.several(), globals);
  }
  if (const auto writable = check_report_paths(options.reports, verb.repeat.several()); !writable) {
    return end_without_run(options, report_error(writable.error(), kExitUsage));
  }
  SignalThread signals;
  PreparedRun prepared;
  if (const int code = prepare_run(options, globals, &prepared); code != kExitPass) {
    return end_without_run(options, code);
  }
  const Scenario& scenario = prepared.scenario;
  auto reports = final_report_paths(options.reports, scenario.report, scenario.run.name,
                                    verb.repeat.several());
  if (!reports) {
    return end_without_run(options, report_error(reports.error(), kExitUsage));
  }
  options.reports = *std::move(reports);
  return verb.repeat.several() ? run_several(prepared, verb, globals, signals)
                               : run_once(prepared, verb, globals, signals);
}

int run(const RunVerb& verb, const Globals& globals) {
  if (!verb.in_lab) {
    return run_here(verb, globals);
  }
  return verb.dry_run ? print_plan(verb.options, verb.repeat.several(), globals)
                      : run_in_lab(verb.options, verb.repeat, globals);
}

} // namespace

void add_run_verb(CLI::App& app, const Globals& globals, Action& action) {
  auto chosen = std::make_shared<RunVerb>();
  CLI::App* verb = app.add_subcommand("run", "run a scenario and give a verdict");
  add_scenario_options(*verb, chosen->options);
  add_start_options(*verb, chosen->options);
  add_report_options(*verb, chosen->options);
  verb->add_flag("--lab", chosen->in_lab, "in the emulated host, as `lab run`");
  verb->add_flag("--dry-run", chosen->dry_run, "print what would be done, and do nothing");
  add_repeat_options(*verb, chosen->repeat);
  verb->callback([&action, &globals, chosen] {
    action = [&globals, chosen] { return run(*chosen, globals); };
  });
}

} // namespace schedrig::cli

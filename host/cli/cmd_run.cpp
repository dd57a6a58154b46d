// SPDX-License-Identifier: MIT
// `schedrig run CONFIG`: one scenario, one verdict.
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include <schedrig/backend.hpp>

#include "host/cli/lab_run.hpp"
#include "host/cli/prepared_run.hpp"
#include "host/cli/report_file.hpp"
#include "host/cli/run_options.hpp"
#include "host/cli/signals.hpp"
#include "host/cli/verb.hpp"
#include "host/engine/run.hpp"
#include "host/report/console.hpp"
#include "host/report/json_report.hpp"
#include "host/report/outcome_line.hpp"
#include "host/report/summary.hpp"

namespace schedrig::cli {
namespace {

engine::RunReport carry_out(const PreparedRun& prepared, Backend& backend, const Globals& globals) {
  engine::Cancellation cancellation;
  const SignalThread signals(cancellation);
  report::Console console({.live = isatty(STDERR_FILENO) == 1, .verbosity = globals.verbosity});
  const std::vector<engine::SchedulerChoice> choices = prepared.choices();
  const engine::RunRequest request = {.scenario = prepared.scenario,
                                      .backend_id = prepared.backend->id,
                                      .backend = backend,
                                      .backend_params = prepared.backend_params.view(),
                                      .kernels_own = prepared.kernels_own.choice,
                                      .schedulers = choices,
                                      .kernel_image = prepared.kernel_image};
  return engine::run(request, console, cancellation);
}

int run_here(const RunOptions& options, const Globals& globals) {
  if (!options.json.empty() && options.json != "-") {
    if (const auto writable = check_report_file(options.json); !writable) {
      return end_without_run(options, report_error(writable.error(), kExitUsage));
    }
  }
  PreparedRun prepared;
  if (const int code = prepare_run(options, globals, &prepared); code != kExitPass) {
    return end_without_run(options, code);
  }
  const engine::RunReport report =
      carry_out(prepared, *query<Backend>(*prepared.backend->plugin), globals);

  int exit_code = engine::exit_code(report);
  if (options.json == "-") {
    std::fputs(report::json_document(report).c_str(), stdout);
  } else {
    std::fputs(report::summary(report, globals.command, use_colour(globals, STDOUT_FILENO)).c_str(),
               stdout);
    if (!options.json.empty()) {
      if (auto written = write_report_file(options.json, report::json_document(report)); !written) {
        const int failed = report_error(written.error(), kExitInfrastructure);
        exit_code = exit_code == kExitPass ? failed : exit_code;
      }
    }
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    const int failed =
        report_error(fail_errno(errno, "write the results to stdout").error(), kExitInfrastructure);
    exit_code = exit_code == kExitPass ? failed : exit_code;
  }
  std::fprintf(stderr, "%s\n", report::outcome_line(report).c_str());
  return exit_code;
}

} // namespace

void add_run_verb(CLI::App& app, const Globals& globals, Action& action) {
  auto options = std::make_shared<RunOptions>();
  auto in_lab = std::make_shared<bool>(false);
  CLI::App* verb = app.add_subcommand("run", "run a scenario and give a verdict");
  add_scenario_options(*verb, *options);
  add_report_options(*verb, *options);
  verb->add_flag("--lab", *in_lab, "in the emulated host, as `lab run`");
  verb->callback([&action, &globals, options, in_lab] {
    action = [&globals, options, in_lab] {
      return *in_lab ? run_in_lab(*options, globals) : run_here(*options, globals);
    };
  });
}

} // namespace schedrig::cli

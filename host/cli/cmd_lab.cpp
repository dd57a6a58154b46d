// SPDX-License-Identifier: MIT
// `schedrig lab setup|run|exec`: real KVM in an emulated host, on any machine. `run` runs a
// scenario there as `schedrig run` would; `exec` any program of this build.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "host/cli/lab_files.hpp"
#include "host/cli/lab_run.hpp"
#include "host/cli/plan.hpp"
#include "host/cli/prepared_run.hpp"
#include "host/cli/repeat.hpp"
#include "host/cli/report_paths.hpp"
#include "host/cli/reproduce.hpp"
#include "host/cli/run_options.hpp"
#include "host/cli/signal_fd.hpp"
#include "host/cli/snapshot_files.hpp"
#include "host/cli/verb.hpp"
#include "host/lab/lab.hpp"
#include "host/lab/setup.hpp"
#include "host/loader/search_path.hpp"
#include "host/report/outcome_line.hpp"

namespace schedrig::cli {
namespace {

namespace fs = std::filesystem;

// Where in the emulated host a command leaves what is to be brought back; an ending follows.
constexpr char kReportInLab[] = "/out/report";

int setup(const Globals& globals) {
  const auto parts = lab::setup_lab([&](std::string_view line) {
    if (globals.verbosity >= 0) {
      std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
    }
  });
  if (!parts) {
    return report_error(parts.error(), exit_code_for(parts.error()));
  }
  std::printf("the lab is set up: QEMU %s, kernel %s\n", parts->qemu.version.c_str(),
              parts->host_kernel.facts.version.c_str());
  return kExitPass;
}

Result<lab::LabRequest> request_for(const Globals& globals) {
  lab::LabRequest request;
  TRY(lab::complete(request));
  request.working_dir = fs::current_path().string();
  request.files.push_back(loader::installation_plugin_directory());
  for (const std::string& dir : globals.plugin_dirs) {
    request.files.push_back(fs::absolute(dir));
  }
  if (globals.verbosity > 0) {
    request.on_console = [](std::string_view text) {
      std::fwrite(text.data(), 1, text.size(), stderr);
    };
  }
  return request;
}

// What runs beside the lab is not seen inside: there a CPU that is taken away just stands still.
void tell_of_a_busy_machine(const lab::LabReport& report) {
  constexpr int kShare = 10; // a tenth: gaps and latencies of runs on a quiet machine stay below
  constexpr std::chrono::seconds kLeast{1};
  if (report.waited > kLeast && report.waited * kShare > report.run) {
    std::fprintf(
        stderr,
        "lab: this machine was busy: the emulated CPUs waited %.1f s for its own; gaps and "
        "latencies in the lab may be of that\n",
        static_cast<double>(report.waited.count()) / 1000);
  }
}

Result<int> carry_out(const Globals& globals, lab::LabRequest& request) {
  const SignalFd signals;
  request.cancel_fd = signals.fd();
  if (globals.verbosity >= 0) {
    std::fprintf(stderr, "lab: starting the emulated host (kernel %s, QEMU %s)\n",
                 request.host_kernel.facts.version.c_str(), request.qemu.version.c_str());
  }
  const lab::LabReport report = TRY(lab::run_in_lab(request));
  if (globals.verbosity >= 0) {
    std::fprintf(stderr, "lab: boot %.1f s, command %.1f s\n",
                 static_cast<double>(report.boot.count()) / 1000,
                 static_cast<double>(report.run.count()) / 1000);
    tell_of_a_busy_machine(report);
  }
  for (const std::string& missing : report.missing) {
    if (report.exit_code == kExitUsage || report.exit_code >= kExitInfrastructure) {
      break; // the command has said why it got nowhere
    }
    std::fprintf(stderr, "schedrig: the command in the lab did not write %s\n", missing.c_str());
  }
  return report.exit_code;
}

// The run inside writes its files where they are to go here, so that a report's paths are true;
// what is no file here is one there.
void add_reports(const ReportPaths& reports, const Scenario& scenario, bool several_runs,
                 lab::LabRequest& request) {
  for (const ReportFormatInfo& info : kReportFormats) {
    const std::string& path = reports[info.format];
    if (path.empty()) {
      continue;
    }
    std::error_code error;
    const bool is_file = !fs::exists(path, error) || fs::is_regular_file(path, error);
    const std::string in_lab = path == "-" ? path
                               : is_file   ? fs::absolute(path).lexically_normal().string()
                                           : kReportInLab + std::string(info.ending);
    request.command.insert(request.command.end(), {std::string(info.option), in_lab});
    if (path != "-") {
      request.outputs.push_back({.in_lab = in_lab, .on_host = path});
    }
  }
  const std::string snapshots = several_runs ? snapshot_files_start_of_several(scenario)
                                             : snapshot_files_start(reports, scenario);
  request.outputs.push_back({.in_lab = fs::absolute(snapshots).lexically_normal().string(),
                             .on_host = snapshots,
                             .family = true});
}

// All runs together; endless ones end within a day, with the lab.
std::chrono::milliseconds deadline_of(std::int64_t run_deadline_ns, const RepeatOptions& repeat) {
  constexpr std::chrono::milliseconds kDay = std::chrono::hours(24);
  const auto one = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::nanoseconds(run_deadline_ns));
  const std::uint64_t runs = repeat.several() && repeat.count == 0 ? UINT64_MAX
                             : repeat.several()                    ? repeat.count
                                                                   : 1;
  const auto most = static_cast<std::uint64_t>(kDay / std::max(one, std::chrono::milliseconds(1)));
  return runs > most ? std::max(kDay, one) : one * static_cast<std::int64_t>(runs);
}

// Files are brought back by their names, which several runs number.
Result<> check_repeat(const RepeatOptions& repeat, const ReportPaths& reports) {
  for (const ReportFormatInfo& info : kReportFormats) {
    if (repeat.several() && info.format != ReportFormat::kJson && !reports[info.format].empty()) {
      return fail(StatusCode::kInvalidArgument,
                  "of several runs in the lab only the JSON document comes back, no " +
                      std::string(info.label),
                  "leave it out, or call schedrig once for each run");
    }
  }
  return {};
}

// Everything that a run in the lab needs, or the exit code of what was reported to be wrong.
int prepare(const RunOptions& options, const RepeatOptions& repeat, const Globals& globals,
            lab::LabRequest& out) {
  if (const auto writable = check_report_paths(options.reports, repeat.several()); !writable) {
    return report_error(writable.error(), kExitUsage);
  }
  PreparedRun prepared; // without the host: the run has its own in the lab
  if (const int code = prepare_run(options, globals, &prepared, {.host = false})) {
    return code;
  }
  const Scenario& scenario = prepared.scenario;
  const auto reports =
      final_report_paths(options.reports, scenario.report, scenario.run.name, repeat.several());
  if (!reports) {
    return report_error(reports.error(), kExitUsage);
  }
  if (const auto possible = check_repeat(repeat, *reports); !possible) {
    return report_error(possible.error(), kExitUsage);
  }
  auto request = request_for(globals);
  if (!request) {
    return report_error(request.error(), exit_code_for(request.error()));
  }
  const auto kernels = kernel::KernelCache::open();
  auto guest = kernels ? kernels->find(scenario.machine.kernel)
                       : Result<kernel::KernelEntry>(std::unexpected(kernels.error()));
  if (!guest) {
    return report_error(guest.error(), exit_code_for(guest.error()));
  }
  if (guest->dir.empty()) {
    request->files.push_back(fs::absolute(guest->image)); // named by its path, not in the cache
  } else {
    request->guest_kernels.push_back(*guest);
  }
  std::error_code error;
  request->command = {fs::read_symlink("/proc/self/exe", error).string()};
  for (int i = 0; i < globals.verbosity; ++i) {
    request->command.emplace_back("-v");
  }
  for (const std::string& dir : globals.plugin_dirs) {
    request->command.insert(request->command.end(), {"--plugin-dir", dir});
  }
  request->command.insert(request->command.end(), {"run", options.config});
  request->env.emplace_back(kCommandVariable, with_seed(globals.command, options.seed));
  for (const std::string& overlay : options.overlays) {
    request->command.insert(request->command.end(), {"--overlay", overlay});
  }
  for (const std::string& set : all_sets(options)) {
    request->command.insert(request->command.end(), {"--set", set});
  }
  if (repeat.count > 0) {
    request->command.insert(request->command.end(), {"--repeat", std::to_string(repeat.count)});
  }
  if (repeat.until_fail) {
    request->command.emplace_back("--until-fail");
  }
  const auto files = lab_files(scenario, options.config);
  request->files.insert(request->files.end(), files.begin(), files.end());
  add_reports(*reports, scenario, repeat.several(), *request);
  // The run's own deadline holds inside; this one covers what surrounds it, on a clock that an
  // emulated machine is several times behind.
  request->run_deadline = deadline_of(scenario.run.deadline_ns, repeat) + std::chrono::minutes(2);
  out = std::move(*request);
  return kExitPass;
}

struct ExecOptions {
  std::vector<std::string> command;
  std::vector<std::string> stage;
  std::vector<std::string> bring; // IN_LAB=ON_HOST
  std::vector<std::string> qemu;
  std::string kernel;
  unsigned timeout_s = 600;
};

int exec_in_lab(const ExecOptions& options, const Globals& globals) {
  auto request = request_for(globals);
  if (!request) {
    return report_error(request.error(), exit_code_for(request.error()));
  }
  const auto kernels = kernel::KernelCache::open();
  if (kernels) {
    if (const auto guest = kernels->find(options.kernel)) {
      request->guest_kernels.push_back(*guest);
    } else if (!options.kernel.empty()) {
      return report_error(guest.error(), exit_code_for(guest.error()));
    }
  }
  request->command = options.command;
  request->qemu_arguments = options.qemu;
  for (const std::string& path : options.stage) {
    request->files.push_back(fs::absolute(path));
  }
  for (const std::string& pair : options.bring) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos) {
      return report_error({StatusCode::kInvalidArgument, "--bring " + pair + " has no '='",
                           "write --bring PATH_IN_LAB=PATH_HERE", 0},
                          kExitUsage);
    }
    request->outputs.push_back(
        {.in_lab = pair.substr(0, equals), .on_host = pair.substr(equals + 1)});
  }
  request->run_deadline = std::chrono::seconds(options.timeout_s);
  const auto code = carry_out(globals, *request);
  return code ? *code : report_error(code.error(), exit_code_for(code.error()));
}

void add_exec_verb(CLI::App& lab_verb, const Globals& globals, Action& action) {
  auto options = std::make_shared<ExecOptions>();
  CLI::App* verb = lab_verb.add_subcommand("exec", "run a program of this build in the lab");
  verb->add_option("--stage", options->stage, "file or directory that it needs; repeatable")
      ->allow_extra_args(false);
  verb->add_option("--bring", options->bring, "IN_LAB=HERE: file to bring back; repeatable")
      ->allow_extra_args(false);
  verb->add_option("--qemu", options->qemu, "one more argument for QEMU; repeatable")
      ->allow_extra_args(false);
  verb->add_option("--kernel", options->kernel, "guest kernel to have there: version prefix");
  verb->add_option("--timeout", options->timeout_s, "seconds for the program")
      ->capture_default_str();
  verb->add_option("COMMAND", options->command, "after --: the program and its arguments")
      ->required();
  verb->callback([&action, &globals, options] {
    action = [&globals, options] { return exec_in_lab(*options, globals); };
  });
}

} // namespace

int run_in_lab(const RunOptions& options, const RepeatOptions& repeat, const Globals& globals) {
  lab::LabRequest request;
  if (const int code = prepare(options, repeat, globals, request); code != kExitPass) {
    return end_without_run(options, code);
  }
  report::OutcomeLast outcome(
      [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); });
  request.on_stderr = [&](std::string_view text) { outcome.take(text); };
  const auto code = carry_out(globals, request);
  outcome.finish(code.has_value());
  if (!code) {
    return end_without_run(options, report_error(code.error(), exit_code_for(code.error())));
  }
  return *code;
}

void add_lab_verb(CLI::App& app, const Globals& globals, Action& action) {
  CLI::App* verb = app.add_subcommand("lab", "real KVM in an emulated host, on any machine");
  verb->require_subcommand(1);
  verb->add_subcommand("setup", "fetch the QEMU and the kernel that the lab needs")
      ->callback([&action, &globals] { action = [&globals] { return setup(globals); }; });
  auto options = std::make_shared<RunOptions>();
  auto repeat = std::make_shared<RepeatOptions>();
  auto dry_run = std::make_shared<bool>(false);
  CLI::App* run_verb = verb->add_subcommand("run", "run a scenario in the lab");
  add_scenario_options(*run_verb, *options);
  add_repeat_options(*run_verb, *repeat);
  add_start_options(*run_verb, *options);
  add_report_options(*run_verb, *options);
  run_verb->add_flag("--dry-run", *dry_run, "print what would be done, and do nothing");
  run_verb->callback([&action, &globals, options, repeat, dry_run] {
    action = [&globals, options, repeat, dry_run] {
      return *dry_run ? print_plan(*options, repeat->several(), globals)
                      : run_in_lab(*options, *repeat, globals);
    };
  });
  add_exec_verb(*verb, globals, action);
}

} // namespace schedrig::cli

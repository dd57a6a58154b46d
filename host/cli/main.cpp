// SPDX-License-Identifier: MIT
// The executable: parses the command line and runs one verb.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "host/cli/crash.hpp"
#include "host/cli/reproduce.hpp"
#include "host/cli/verb.hpp"
#include "host/log/log.hpp"
#include "host/report/names.hpp"
#include "host/text/nearest.hpp"

namespace schedrig::cli {

bool use_colour(const Globals& globals, int fd) {
  if (globals.color != "auto") {
    return globals.color == "always";
  }
  const char* no_color = std::getenv("NO_COLOR"); // https://no-color.org: any non-empty value
  return isatty(fd) == 1 && (no_color == nullptr || *no_color == '\0');
}

int report_error(const Error& error, int exit_code) {
  std::string text = "schedrig: error: " + error.message + "\n";
  if (!error.help.empty()) {
    text += "  help: " + error.help + "\n";
  }
  std::fputs(text.c_str(), stderr);
  return exit_code;
}

int exit_code_for(const Error& error) {
  switch (error.code) {
  case StatusCode::kInvalidArgument:
  case StatusCode::kNotFound:
    return kExitUsage;
  case StatusCode::kInterrupted:
    return kExitInterrupted;
  default:
    return kExitInfrastructure;
  }
}

namespace {

// CLI11 would only say that a subcommand is required.
int refuse_unknown_verb(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') {
    return kExitPass;
  }
  std::vector<std::string> verbs;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    verbs.push_back(verb->get_name());
  }
  const std::vector<std::string_view> names(verbs.begin(), verbs.end());
  if (std::ranges::find(names, argv[1]) != names.end()) {
    return kExitPass;
  }
  return report_error({StatusCode::kInvalidArgument,
                       "there is no command " + report::shell_quoted(argv[1]),
                       text::suggest(argv[1], names, "commands"), 0},
                      kExitUsage);
}

int parse_and_run(int argc, char** argv) {
  CLI::App app("schedrig - a test rig for Linux schedulers", "schedrig");
  app.set_version_flag("--version", "schedrig " SCHEDRIG_VERSION);
  app.require_subcommand(1);
  app.fallthrough(); // global options may stand after the verb

  Globals globals;
  globals.command = reproducing_command({argv, static_cast<std::size_t>(argc)});
  if (const char* outer = std::getenv(kCommandVariable); outer != nullptr) {
    globals.command = outer;
  }
  int more = 0;
  int less = 0;
  app.add_flag("-v,--verbose", more, "say more; twice: every operation");
  app.add_flag("-q,--quiet", less, "say less; twice: errors only");
  app.add_option("--color", globals.color, "colour: auto, always, never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  app.add_option("--plugin-dir", globals.plugin_dirs, "look for plugins here first; repeatable")
      ->allow_extra_args(false);

  Action action;
  for (const auto add : {add_run_verb, add_check_verb, add_explain_verb, add_ops_verb,
                         add_plugins_verb, add_doctor_verb, add_kernel_verb, add_lab_verb,
                         add_new_verb, add_schema_verb, add_completions_verb}) {
    add(app, globals, action);
  }
  if (const int code = refuse_unknown_verb(app, argc, argv); code != kExitPass) {
    return code;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitPass : kExitUsage;
  }
  globals.verbosity = more - less;
  log::set_verbosity(globals.verbosity);
  return action();
}

} // namespace
} // namespace schedrig::cli

int main(int argc, char** argv) {
  // A file that grows past its limit is an error of write(2), not the end. A handler, since
  // programs that are started would inherit SIG_IGN.
  std::signal(SIGXFSZ, [](int /*signal*/) {});
  schedrig::cli::report_crashes();
  try {
    return schedrig::cli::parse_and_run(argc, argv);
  } catch (const std::exception& error) { // a defect: nothing of ours throws
    std::fputs(("schedrig: internal error: " + std::string(error.what()) + "\n").c_str(), stderr);
    return schedrig::cli::kExitInfrastructure;
  }
}

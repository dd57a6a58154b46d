// SPDX-License-Identifier: MIT
// The executable: parses the command line and runs one verb.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <system_error>

#include <unistd.h>

#include "host/cli/crash.hpp"
#include "host/cli/plugin_setup.hpp"
#include "host/cli/reproduce.hpp"
#include "host/cli/standard_output.hpp"
#include "host/cli/usage_error.hpp"
#include "host/cli/verb.hpp"
#include "host/log/log.hpp"
#include "host/text/quote.hpp"

namespace schedrig::cli {

bool use_colour(const Globals& globals, int fd) {
  if (globals.color != "auto") {
    return globals.color == "always";
  }
  const char* no_color = std::getenv("NO_COLOR"); // https://no-color.org: any non-empty value
  return isatty(fd) == 1 && (no_color == nullptr || *no_color == '\0');
}

constexpr std::size_t kLongestLine = 4096; // as in the log

int report_error(const Error& error, int exit_code) {
  // Messages name what users and plugins call things; some have several lines.
  std::string text = "schedrig: error: " + text::shown_lines(error.message, kLongestLine) + "\n";
  if (!error.help.empty()) {
    text += "  help: " + text::shown_lines(error.help, kLongestLine) + "\n";
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
      ->allow_extra_args(false)
      ->check(plugin_directory_problem);

  Action action;
  for (const auto add : {add_run_verb, add_check_verb, add_explain_verb, add_ops_verb,
                         add_plugins_verb, add_doctor_verb, add_kernel_verb, add_template_verb,
                         add_lab_verb, add_new_verb, add_schema_verb, add_completions_verb}) {
    add(app, globals, action);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = report_parse_end(app, error);
    return code == kExitPass ? flush_stdout() : code;
  }
  globals.verbosity = more - less;
  log::set_verbosity(globals.verbosity);
  const int code = action();
  const int flushed = flush_stdout(); // said also where the exit code tells of something worse
  return code == kExitPass ? flushed : code;
}

} // namespace
} // namespace schedrig::cli

int main(int argc, char** argv) {
  // A file that grows past its limit is an error of write(2), not the end. A handler, since
  // programs that are started would inherit SIG_IGN.
  std::signal(SIGXFSZ, [](int /*signal*/) {});
  schedrig::cli::report_crashes();
  schedrig::cli::buffer_stdout();
  try {
    const int code = schedrig::cli::parse_and_run(argc, argv);
    schedrig::cli::note_finished();
    return code;
  } catch (const std::bad_alloc&) {
    schedrig::cli::note_finished();
    return schedrig::cli::report_out_of_memory();
  } catch (const std::system_error& error) {
    schedrig::cli::note_finished();
    return error.code() == std::errc::resource_unavailable_try_again
               ? schedrig::cli::report_out_of_memory() // a thread's stack: pthread_create(3)
               : schedrig::cli::report_defect(error.what());
  } catch (const std::exception& error) { // a defect: nothing of ours throws
    schedrig::cli::note_finished();
    return schedrig::cli::report_defect(error.what());
  }
}

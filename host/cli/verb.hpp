// SPDX-License-Identifier: MIT
// What every verb of the command line gets and gives. CLI11 is included in this folder only.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <schedrig/result.hpp>

namespace schedrig::cli {

// docs/reference/exit-codes.md
enum ExitCode : int {
  kExitPass = 0,
  kExitFail = 1,
  kExitUsage = 2,
  kExitInconclusive = 3,
  kExitSkipped = 4,
  kExitInfrastructure = 5,
  kExitDeadline = 124,
  kExitInterrupted = 130,
};

// The command line as the user gave it, for a schedrig that runs in the lab on another's behalf:
// what it says to reproduce a run must work where the user is.
inline constexpr char kCommandVariable[] = "SCHEDRIG_COMMAND";

// -qq: nothing but errors; the summary of a run is left out, too.
inline constexpr int kErrorsOnly = -2;

// Options that hold for every verb.
struct Globals {
  int verbosity = 0; // -v adds, -q takes away
  std::string color = "auto";
  std::vector<std::string> plugin_dirs;
  std::string command; // argv[0] and the rest, quoted for a shell
};

// A verb registers itself with the parser and sets *action to what is to be done if it was chosen.
// The action returns the process's exit code.
using Action = std::function<int()>;

void add_run_verb(CLI::App& app, const Globals& globals, Action& action);
void add_check_verb(CLI::App& app, const Globals& globals, Action& action);
void add_ops_verb(CLI::App& app, const Globals& globals, Action& action);
void add_plugins_verb(CLI::App& app, const Globals& globals, Action& action);
void add_doctor_verb(CLI::App& app, const Globals& globals, Action& action);
void add_kernel_verb(CLI::App& app, const Globals& globals, Action& action);
void add_lab_verb(CLI::App& app, const Globals& globals, Action& action);
void add_new_verb(CLI::App& app, const Globals& globals, Action& action);
void add_template_verb(CLI::App& app, const Globals& globals, Action& action);
void add_schema_verb(CLI::App& app, const Globals& globals, Action& action);
void add_explain_verb(CLI::App& app, const Globals& globals, Action& action);
void add_completions_verb(CLI::App& app, const Globals& globals, Action& action);

// Whether output on this stream is to be coloured: --color, NO_COLOR, and what the stream is.
[[nodiscard]] bool use_colour(const Globals& globals, int fd);

// "schedrig: error: MESSAGE\n  help: HELP" on stderr; returns `exit_code`.
int report_error(const Error& error, int exit_code);
// Exit code for an error of the machinery: 2 where the user asked for what is not there.
[[nodiscard]] int exit_code_for(const Error& error);

} // namespace schedrig::cli

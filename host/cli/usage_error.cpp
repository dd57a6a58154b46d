// SPDX-License-Identifier: MIT
#include "host/cli/usage_error.hpp"

#include <cstdio>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "host/cli/verb.hpp"
#include "host/text/nearest.hpp"
#include "host/text/quote.hpp"

namespace schedrig::cli {
namespace {

// The verbs that were parsed, `app` first.
std::vector<const CLI::App*> parsed_verbs(const CLI::App& app) {
  std::vector<const CLI::App*> verbs = {&app};
  while (!verbs.back()->get_subcommands().empty()) {
    verbs.push_back(verbs.back()->get_subcommands().back());
  }
  return verbs;
}

std::string command_of(const std::vector<const CLI::App*>& verbs) {
  std::string command;
  for (const CLI::App* verb : verbs) {
    command += (command.empty() ? "" : " ") + verb->get_name();
  }
  return command;
}

std::vector<std::string> options_of(const std::vector<const CLI::App*>& verbs) {
  std::vector<std::string> names;
  for (const CLI::App* verb : verbs) {
    for (const CLI::Option* option : verb->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        names.push_back("--" + name);
      }
    }
  }
  return names;
}

std::vector<std::string> verbs_below(const CLI::App& verb) {
  std::vector<std::string> names;
  for (const CLI::App* below : verb.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(below->get_name());
  }
  return names;
}

Error unknown_argument(const std::vector<const CLI::App*>& verbs, const std::string& argument) {
  const bool is_option = argument.starts_with('-');
  const std::string word = is_option ? argument.substr(0, argument.find('=')) : argument;
  const std::vector<std::string> known = is_option ? options_of(verbs) : verbs_below(*verbs.back());
  const std::vector<std::string_view> names(known.begin(), known.end());
  const std::string command = command_of(verbs);
  const std::string listing = "`" + command + " --help` lists what it takes";
  Error error = {StatusCode::kInvalidArgument, "", listing, 0};
  if (!is_option && !names.empty()) {
    error.message = "there is no command " + text::quote(word) +
                    (verbs.size() == 1 ? "" : " of `" + command + "`");
    error.help = text::suggest(word, names, "commands");
    return error;
  }
  error.message = is_option ? "`" + command + "` has no option " + text::quote(word)
                            : "`" + command + "` takes no further argument " + text::quote(word);
  if (const auto nearest = text::nearest(word, names)) {
    error.help = "did you mean " + text::quote(*nearest) + "? " + listing;
  }
  return error;
}

} // namespace

int report_parse_end(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) {
    std::ostringstream text; // to stdout in one piece: its end is a flush, which may fail
    app.exit(error, text, text);
    std::fputs(text.str().c_str(), stdout);
    return kExitPass;
  }
  const auto verbs = parsed_verbs(app);
  // What is missing may be missing for what nobody knows: a mistyped verb is no verb.
  const auto unknown = app.remaining(true);
  const int what = error.get_exit_code();
  const bool extra = what == static_cast<int>(CLI::ExitCodes::ExtrasError) ||
                     what == static_cast<int>(CLI::ExitCodes::RequiredError);
  if (extra && !unknown.empty()) {
    return report_error(unknown_argument(verbs, unknown.front()), kExitUsage);
  }
  return report_error({StatusCode::kInvalidArgument, error.what(),
                       "`" + command_of(verbs) + " --help` lists what it takes", 0},
                      kExitUsage);
}

} // namespace schedrig::cli

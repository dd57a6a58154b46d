// SPDX-License-Identifier: MIT
// `schedrig new scheduler NAME`: a folder with a scheduler that works, to be changed.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "host/cli/plugin_setup.hpp"
#include "host/cli/plugin_template.hpp"
#include "host/cli/verb.hpp"
#include "host/loader/descriptor.hpp"
#include "host/loader/search_path.hpp"
#include "host/report/names.hpp"

namespace schedrig::cli {
namespace {

namespace fs = std::filesystem;

struct NewOptions {
  std::string name;
  std::string folder; // empty: the name
};

Result<> check_name(const Globals& globals, const std::string& name) {
  if (!loader::is_plugin_id(name)) {
    return fail(StatusCode::kInvalidArgument, "\"" + name + "\" cannot be a plugin's name",
                "begin with a lower-case letter and go on with lower-case letters, digits and _, " +
                    std::to_string(loader::kMaxIdBytes) + " at most");
  }
  const loader::Registry registry = plugin_registry(globals);
  const auto& listings = registry.discovery().listings;
  const auto taken = std::ranges::find(listings, name, &loader::PluginListing::name);
  if (taken != listings.end()) {
    return fail(StatusCode::kAlreadyExists,
                "there is a plugin \"" + name + "\" already: " + taken->path.string(),
                "choose another name; `schedrig plugins` lists those in use");
  }
  return {};
}

Result<> make_scheduler(const Globals& globals, const NewOptions& options) {
  TRY(check_name(globals, options.name));
  const fs::path folder = options.folder.empty() ? options.name : options.folder;
  // PREFIX/lib/schedrig/plugins, of a build tree or an installation.
  const fs::path prefix =
      loader::installation_plugin_directory().parent_path().parent_path().parent_path();
  const TemplateValues values = {.name = options.name,
                                 .prefix = report::shell_quoted(prefix.string()),
                                 .schedrig =
                                     report::shell_quoted((prefix / "bin" / "schedrig").string())};
  TRY(write_template(scheduler_template(), values, folder));

  const std::string source = report::shell_quoted(folder.string());
  const std::string build = report::shell_quoted((folder / "build").string());
  const std::string scenario = report::shell_quoted((folder / "scenario.toml").string());
  std::printf("made %s: %s.cpp is the policy, README.md says more\n"
              "  cmake -S %s -B %s -DCMAKE_PREFIX_PATH=%s\n"
              "  cmake --build %s\n"
              "  %s run %s\n",
              source.c_str(), values.name.c_str(), source.c_str(), build.c_str(),
              values.prefix.c_str(), build.c_str(), values.schedrig.c_str(), scenario.c_str());
  return {};
}

} // namespace

void add_new_verb(CLI::App& app, const Globals& globals, Action& action) {
  CLI::App* verb = app.add_subcommand("new", "begin a plugin of your own");
  verb->require_subcommand(1);
  CLI::App* scheduler = verb->add_subcommand("scheduler", "write a folder with a scheduler plugin");
  auto options = std::make_shared<NewOptions>();
  scheduler->add_option("NAME", options->name, "of the plugin")->required();
  scheduler->add_option("--dir", options->folder, "folder to make (default: NAME)");
  scheduler->callback([&action, &globals, options] {
    action = [&globals, options] {
      const Result<> made = make_scheduler(globals, *options);
      if (made) {
        return static_cast<int>(kExitPass);
      }
      const Error& error = made.error();
      return report_error(error, error.code == StatusCode::kAlreadyExists ? kExitUsage
                                                                          : exit_code_for(error));
    };
  });
}

} // namespace schedrig::cli

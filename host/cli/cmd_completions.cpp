// SPDX-License-Identifier: MIT
// `schedrig completions bash|zsh|fish`: a script for the shell.
#include <cstdio>
#include <memory>
#include <string>

#include "host/cli/completions.hpp"
#include "host/cli/verb.hpp"

namespace schedrig::cli {

void add_completions_verb(CLI::App& app, const Globals& /*globals*/, Action& action) {
  auto shell = std::make_shared<std::string>();
  CLI::App* verb =
      app.add_subcommand("completions", "print a script that lets a shell complete schedrig");
  verb->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  verb->callback([&app, &action, shell] {
    action = [&app, shell] {
      std::fputs(completion_script(app, *shell).c_str(), stdout);
      return kExitPass;
    };
  });
}

} // namespace schedrig::cli

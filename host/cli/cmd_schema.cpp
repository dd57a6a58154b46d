// SPDX-License-Identifier: MIT
// `schedrig schema`: the JSON Schema of config files, for editors.
#include <cstdio>

#include "host/cli/verb.hpp"
#include "host/config/json_schema.hpp"
#include "host/json/text.hpp"

namespace schedrig::cli {

void add_schema_verb(CLI::App& app, const Globals& /*globals*/, Action& action) {
  app.add_subcommand("schema", "print the JSON Schema of config files")->callback([&action] {
    action = [] {
      std::fputs(json::to_document(config::json_schema()).c_str(), stdout);
      return kExitPass;
    };
  });
}

} // namespace schedrig::cli

// SPDX-License-Identifier: MIT
// `schedrig ops`: every op, what it does and needs, and whether this release carries it out.
#include <cstdio>

#include <schedrig/ops.hpp>

#include "host/cli/verb.hpp"

namespace schedrig::cli {
namespace {

int list_ops() {
  for (const OpInfo& info : op_infos()) {
    std::printf("%-22s %s%s\n", std::string(info.name).c_str(), std::string(info.doc).c_str(),
                info.landed ? "" : " (not supported yet)");
  }
  return kExitPass;
}

} // namespace

void add_ops_verb(CLI::App& app, const Globals& /*globals*/, Action& action) {
  CLI::App* verb = app.add_subcommand("ops", "list the operations of a scenario");
  verb->callback([&action] { action = list_ops; });
}

} // namespace schedrig::cli

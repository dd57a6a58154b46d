// SPDX-License-Identifier: MIT
#include "tests/lab/kvm_runs.hpp"

#include <algorithm>

#include "tests/lab/payload_run.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig::lab {

namespace fs = std::filesystem;

RunOptions& options() {
  static RunOptions options;
  return options;
}

std::string config_with_program(const std::string& config, const std::string& name,
                                const std::string& program) {
  const std::string named = "../programs/" + name;
  std::string text = text_of(options().configs / "kvm" / config);
  for (std::size_t at = text.find(named); at != std::string::npos; at = text.find(named)) {
    text.replace(at, named.size(), program);
  }
  return text;
}

std::map<std::string, int>& starts() {
  static std::map<std::string, int> starts;
  return starts;
}

test::CommandResult run_on_kvm(const fs::path& config, const std::vector<std::string>& more) {
  std::vector<std::string> command = {options().schedrig,
                                      "run",
                                      config.string(),
                                      "--set",
                                      "run.backend=\"kvm\"",
                                      "--set",
                                      "machine.template_cache=\"1GiB\""};
  command.insert(command.end(), more.begin(), more.end());
  const test::TempDir temp;
  fs::path report = temp.path() / "report.json";
  if (const auto asked = std::ranges::find(more, "--json"); asked != more.end()) {
    report = asked[1];
  } else {
    command.insert(command.end(), {"--json", report.string()});
  }
  test::CommandResult result = test::run_command(command);
  ++starts()[machine_facts(report).start];
  return result;
}

} // namespace schedrig::lab

// SPDX-License-Identifier: MIT
#include "host/cli/reproduce.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "host/cli/report_paths.hpp"
#include "host/report/names.hpp"

namespace schedrig::cli {
namespace {

// Options that are left out, with the value behind them.
std::vector<std::string_view> left_out() {
  std::vector<std::string_view> options = {"--repeat", "--seed"};
  std::ranges::transform(kReportFormats, std::back_inserter(options), &ReportFormatInfo::option);
  return options;
}

} // namespace

std::string reproducing_command(std::span<char* const> argv) {
  const auto options = left_out();
  std::string command;
  for (std::size_t i = 0; i < argv.size(); ++i) {
    const std::string_view word = argv[i];
    const std::string_view option = word.substr(0, word.find('='));
    if (std::ranges::find(options, option) != options.end()) {
      i += option == word ? 1 : 0; // its value stands by itself
    } else if (word != "--until-fail") {
      command += (command.empty() ? "" : " ") + report::shell_quoted(word);
    }
  }
  return command;
}

std::string with_seed(std::string command, const std::string& seed) {
  if (!seed.empty()) {
    command += " --seed " + report::shell_quoted(seed);
  }
  return command;
}

} // namespace schedrig::cli

// SPDX-License-Identifier: MIT
// The guides show what schedrig prints: every "$ schedrig ..." of docs/guide is carried out and
// compared. A line "..." in a guide stands for any number of lines.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/run_command.hpp"

namespace schedrig {
namespace {

namespace fs = std::filesystem;

struct Example {
  fs::path guide;
  std::string command; // without "schedrig "
  std::vector<std::string> output;
};

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::vector<Example> examples() {
  constexpr std::string_view kPrompt = "$ schedrig ";
  std::vector<Example> found;
  for (const auto& entry : fs::directory_iterator(SCHEDRIG_SOURCE_DIR "/docs/guide")) {
    if (entry.path().extension() != ".md") {
      continue; // what a guide uses
    }
    std::ifstream file(entry.path());
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    bool inside = false;
    for (const std::string& line : lines_of(text)) {
      if (line.starts_with("```")) {
        inside = false;
      } else if (line.starts_with(kPrompt)) {
        found.push_back({entry.path(), line.substr(kPrompt.size()), {}});
        inside = true;
      } else if (inside) {
        found.back().output.push_back(line);
      }
    }
  }
  return found;
}

// Words as a shell makes them; '...' is the only quoting that the guides use.
std::vector<std::string> words_of(const std::string& command) {
  std::vector<std::string> words(1);
  bool quoted = false;
  for (const char c : command) {
    if (c == '\'') {
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

// What a terminal shows: the progress, the summary, and the outcome line.
std::string on_terminal(const test::CommandResult& result) {
  const std::size_t outcome = std::min(result.err.find("schedrig: verdict="), result.err.size());
  return result.err.substr(0, outcome) + result.out + result.err.substr(outcome);
}

// "" if `shown` fits `printed`, else the first line that does not.
std::string first_difference(const std::vector<std::string>& shown,
                             const std::vector<std::string>& printed) {
  std::size_t at = 0;
  bool any = false;
  for (const std::string& line : shown) {
    if (line.find_first_not_of(' ') != std::string::npos &&
        line.substr(line.find_first_not_of(' ')) == "...") {
      any = true;
      continue;
    }
    while (any && at < printed.size() && printed[at] != line) {
      ++at;
    }
    if (at == printed.size() || printed[at] != line) {
      return line;
    }
    ++at;
    any = false;
  }
  return any || at == printed.size() ? "" : "(end of the block), printed: " + printed[at];
}

TEST(Docs, the_guides_show_what_schedrig_prints) {
  fs::current_path(SCHEDRIG_SOURCE_DIR);
  const auto all = examples();
  ASSERT_GE(all.size(), 5U);
  for (const Example& example : all) {
    std::vector<std::string> argv = words_of(example.command);
    argv.insert(argv.begin(), SCHEDRIG_BINARY);
    const std::string printed = on_terminal(test::run_command(argv));
    EXPECT_EQ(first_difference(example.output, lines_of(printed)), "")
        << example.guide << ": $ schedrig " << example.command << "\nprinted:\n"
        << printed;
  }
}

} // namespace
} // namespace schedrig

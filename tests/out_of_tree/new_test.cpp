// SPDX-License-Identifier: MIT
// `schedrig new scheduler`: what it writes builds and runs by the commands that it prints, from an
// installation and from the build tree, and its README tells the truth.
#include <algorithm>
#include <sstream>

#include "tests/out_of_tree/installation.hpp"

namespace schedrig {
namespace {

// The n-th ```LANGUAGE block of a Markdown text, from 0.
std::string block(const std::string& text, const std::string& language, int n) {
  const std::string fence = "```" + language + "\n";
  std::size_t at = 0;
  for (int i = 0; i <= n; ++i) {
    at = text.find(fence, at);
    if (at == std::string::npos) {
      return "";
    }
    at += fence.size();
  }
  return text.substr(at, text.find("```", at) - at);
}

// Runs its lines and stops at the first that fails.
CommandResult run_lines(const fs::path& folder, const std::string& lines) {
  EXPECT_FALSE(lines.empty());
  return shell(folder, "set -e\n" + lines);
}

class NewScheduler : public testing::TestWithParam<const char*> {
 protected:
  [[nodiscard]] static std::string schedrig() {
    const fs::path prefix = std::string(GetParam()) == "installation" ? kInstalled : kBuild;
    return (prefix / "bin" / "schedrig").string();
  }
  [[nodiscard]] static CommandResult make(const fs::path& folder) {
    return shell(folder, "'" + schedrig() + "' new scheduler mine");
  }
};

INSTANTIATE_TEST_SUITE_P(From, NewScheduler, testing::Values("installation", "build_tree"),
                         [](const auto& from) { return std::string(from.param); });

TEST_P(NewScheduler, is_built_and_run_by_the_three_commands_that_are_printed) {
  const fs::path folder = own_folder();
  const CommandResult made = make(folder);
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const std::string commands = made.out.substr(made.out.find('\n') + 1);
  ASSERT_EQ(std::ranges::count(commands, '\n'), 3) << commands;
  const CommandResult run = run_lines(folder, commands);
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_NE(run.out.find("PASS  mine on mock"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("scheduler mine attached"), std::string::npos) << run.out;
}

TEST_P(NewScheduler, its_readme_leads_to_an_ejection_that_says_what_to_fix_and_back) {
  const fs::path folder = own_folder();
  ASSERT_EQ(make(folder).exit_code, 0);
  const std::string readme = read_text(folder / "mine" / "README.md");
  const std::string build_and_run = block(readme, "sh", 0);
  EXPECT_EQ(readme.find("{{"), std::string::npos) << readme;
  const CommandResult sound = run_lines(folder / "mine", build_and_run);
  EXPECT_EQ(sound.exit_code, 0) << sound.out << sound.err;

  const CommandResult ejected = run_lines(folder / "mine", block(readme, "sh", 1));
  EXPECT_EQ(ejected.exit_code, 1) << ejected.out << ejected.err;
  std::istringstream expected(block(readme, "text", 0));
  std::string line;
  std::size_t lines = 0;
  while (std::getline(expected, line)) {
    for (std::size_t dots = 0; dots != std::string::npos; ++lines) {
      dots = line.find(" ... ");
      const std::string part = line.substr(0, dots);
      EXPECT_NE(ejected.out.find(part), std::string::npos) << part << " in " << ejected.out;
      line = dots == std::string::npos ? "" : line.substr(dots + 5);
    }
  }
  EXPECT_EQ(lines, 3U);

  EXPECT_EQ(run_lines(folder / "mine", block(readme, "sh", 2) + build_and_run).exit_code, 0);
}

TEST(New, writes_where_dir_says) {
  const fs::path folder = own_folder();
  const CommandResult made =
      installed_schedrig({"new", "scheduler", "mine", "--dir", (folder / "here").string()});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder / "here")) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  EXPECT_EQ(names,
            (std::vector<std::string>{"CMakeLists.txt", "README.md", "mine.cpp", "scenario.toml"}));
}

TEST(New, never_writes_into_what_is_there) {
  const fs::path folder = own_folder();
  for (const char* there : {"an_empty_folder", "a_file", "a_dangling_link"}) {
    const fs::path path = folder / there;
    if (path.filename() == "an_empty_folder") {
      fs::create_directory(path);
    } else if (path.filename() == "a_file") {
      std::ofstream(path) << "mine";
    } else {
      fs::create_symlink(folder / "nowhere", path);
    }
    const CommandResult result =
        installed_schedrig({"new", "scheduler", "mine", "--dir", path.string()});
    EXPECT_EQ(result.exit_code, 2) << there;
    EXPECT_NE(result.err.find(path.string() + " is there already\n  help: choose another name"),
              std::string::npos)
        << result.err;
  }
  EXPECT_EQ(read_text(folder / "a_file"), "mine");
  EXPECT_TRUE(fs::is_empty(folder / "an_empty_folder"));
  EXPECT_FALSE(fs::exists(folder / "nowhere"));
}

TEST(New, refuses_names_that_no_plugin_can_have) {
  const std::string too_long(65, 'm');
  for (const std::string& name : std::vector<std::string>{"Mine", "2nd", "my-own", "my own",
                                                          "../mine", "", "m\n", too_long}) {
    const CommandResult result = installed_schedrig({"new", "scheduler", name});
    EXPECT_EQ(result.exit_code, 2) << name;
    EXPECT_NE(result.err.find("cannot be a plugin's name\n  help: begin with a lower-case letter"),
              std::string::npos)
        << result.err;
  }
}

TEST(New, refuses_the_name_of_a_plugin_that_is_there) {
  const CommandResult result = installed_schedrig({"new", "scheduler", "fifo"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("there is a plugin \"fifo\" already: " + kInstalled.string()),
            std::string::npos)
      << result.err;
}

TEST(New, says_what_could_not_be_made) {
  const CommandResult result =
      installed_schedrig({"new", "scheduler", "mine", "--dir", "/no/such/parent"});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_NE(result.err.find("make the folder /no/such/parent: No such file or directory (ENOENT)"),
            std::string::npos)
      << result.err;
}

} // namespace
} // namespace schedrig

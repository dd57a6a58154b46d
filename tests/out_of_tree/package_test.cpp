// SPDX-License-Identifier: MIT
// The installation: works where it was moved to, remembers no other place, takes plugins that were
// built against it.
#include "tests/out_of_tree/installation.hpp"

namespace schedrig {
namespace {

TEST(Installation, runs_every_installed_config_where_it_was_moved_to) {
  std::size_t configs = 0;
  for (const auto& entry : fs::directory_iterator(kInstalled / "share/schedrig/configs")) {
    if (entry.path().extension() != ".toml") {
      continue; // their programs
    }
    const CommandResult result = installed_schedrig({"run", entry.path().string()});
    EXPECT_EQ(result.exit_code, 0) << entry.path() << result.err;
    ++configs;
  }
  EXPECT_GT(configs, 5U); // else it looked in the wrong place
}

TEST(Installation, finds_its_own_plugins_and_no_others) {
  const CommandResult result = installed_schedrig({"plugins"});
  const fs::path own = kInstalled / "lib/schedrig/plugins";
  EXPECT_TRUE(result.out.starts_with(own.string() + " (installation)\n")) << result.out;
  for (const auto& entry : fs::directory_iterator(own)) {
    if (entry.path().extension() == ".so") {
      EXPECT_NE(result.out.find("  " + entry.path().stem().string() + " "), std::string::npos)
          << result.out;
    }
  }
  EXPECT_EQ(result.out.find("refused"), std::string::npos) << result.out;
  EXPECT_EQ(result.out.find(kBuild.string() + "/lib/"), std::string::npos) << result.out;
}

TEST(Installation, what_authors_get_names_no_place_of_the_build) {
  std::size_t files = 0;
  for (const char* folder : {"include", "lib/cmake", "share"}) {
    for (const auto& entry : fs::recursive_directory_iterator(kInstalled / folder)) {
      if (entry.is_regular_file()) {
        const std::string text = read_text(entry.path());
        EXPECT_EQ(text.find(SCHEDRIG_SOURCE_DIR), std::string::npos) << entry.path();
        EXPECT_EQ(text.find("built_for"), std::string::npos) << entry.path();
        ++files;
      }
    }
  }
  EXPECT_GT(files, 50U); // else it looked in the wrong place
}

TEST(Installation, the_installed_configs_find_their_schema) {
  for (const auto& entry : fs::recursive_directory_iterator(kInstalled / "share/schedrig")) {
    if (entry.path().extension() == ".toml") {
      const std::string text = read_text(entry.path());
      const std::string start = "#:schema ";
      ASSERT_TRUE(text.starts_with(start)) << entry.path();
      const std::string schema = text.substr(start.size(), text.find('\n') - start.size());
      EXPECT_TRUE(fs::exists(entry.path().parent_path() / schema)) << entry.path();
    }
  }
}

// Targets of the links of a document, without those that lead to the net or within it.
std::vector<std::string> links_of(const std::string& text) {
  constexpr std::string_view kStart = "](";
  std::vector<std::string> links;
  for (std::size_t at = text.find(kStart); at != std::string::npos; at = text.find(kStart, at)) {
    at += kStart.size();
    const std::string link = text.substr(at, text.find_first_of("#) \n", at) - at);
    if (!link.empty() && link.find("://") == std::string::npos) {
      links.push_back(link);
    }
  }
  return links;
}

TEST(Installation, every_link_of_the_installed_documents_leads_to_something) {
  std::size_t links = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kInstalled / "share/doc/schedrig")) {
    if (entry.path().extension() != ".md") {
      continue;
    }
    for (const std::string& link : links_of(read_text(entry.path()))) {
      EXPECT_TRUE(fs::exists(entry.path().parent_path() / link)) << entry.path() << ": " << link;
      ++links;
    }
  }
  EXPECT_GT(links, 50U); // else it looked in the wrong place
}

TEST(Package, another_version_is_refused_when_it_is_asked_for) {
  const fs::path folder = own_folder();
  std::ofstream(folder / "CMakeLists.txt") << "cmake_minimum_required(VERSION 3.25)\n"
                                              "project(x LANGUAGES CXX)\n"
                                              "find_package(schedrig 99 REQUIRED)\n";
  const CommandResult result =
      shell(folder, "cmake -S . -B build -DCMAKE_PREFIX_PATH='" + kInstalled.string() + "'");
  EXPECT_NE(result.exit_code, 0);
  EXPECT_NE(result.err.find("requested version \"99\""), std::string::npos) << result.err;
}

TEST(Package, mistakes_in_schedrig_add_plugin_are_named) {
  const fs::path folder = own_folder();
  const std::pair<const char*, const char*> mistakes[] = {
      {"Upper KIND scheduler SOURCES x.cpp", "a plugin's name is a lower-case letter"},
      {"x KIND sheduler SOURCES x.cpp", "KIND is backend or scheduler"},
      {"x KIND scheduler", "no SOURCES"}};
  for (const auto& [arguments, message] : mistakes) {
    std::ofstream(folder / "CMakeLists.txt")
        << "cmake_minimum_required(VERSION 3.25)\nproject(x LANGUAGES CXX)\n"
        << "find_package(schedrig REQUIRED)\nschedrig_add_plugin(" << arguments << ")\n";
    const CommandResult result =
        shell(folder, "cmake -S . -B build -DCMAKE_PREFIX_PATH='" + kInstalled.string() + "'");
    EXPECT_NE(result.exit_code, 0) << arguments;
    EXPECT_NE(result.err.find(message), std::string::npos) << result.err;
  }
}

TEST(ExampleScheduler, is_checked_and_run_by_the_installation) {
  const fs::path plugin = kScratch / "twoqueues" / "twoqueues.so";
  const CommandResult check = installed_schedrig({"plugins", "check", plugin.string()});
  EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
  const CommandResult run = installed_schedrig(
      {"run", (kInstalled / "share/schedrig/examples/twoqueues/urgent_first.toml").string(),
       "--plugin-dir", plugin.parent_path().string()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("scheduler twoqueues attached"), std::string::npos) << run.out;
}

} // namespace
} // namespace schedrig

// SPDX-License-Identifier: MIT
// Inputs made to break the reader: each gives an error, soon, and never a crash.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/config/limits.hpp"
#include "tests/unit/config/load.hpp"

namespace schedrig::config {
namespace {

std::string repeat(std::string_view piece, std::size_t count) {
  std::string text;
  text.reserve(piece.size() * count);
  for (std::size_t i = 0; i < count; ++i) {
    text += piece;
  }
  return text;
}

std::string first_message(const LoadedConfig& loaded) {
  return loaded.ok() ? "no error" : loaded.diagnostics.front().message;
}

TEST(Hostile, deep_nesting_is_refused_in_each_form) {
  const std::string deep = "values are nested more than 32 deep";
  EXPECT_EQ(first_message(load("schema = " + repeat("[", 1'000'000))), deep);
  EXPECT_EQ(first_message(load("schema = " + repeat("{a=", 1'000'000))), deep);
  EXPECT_EQ(first_message(load("schema = " + repeat("[{a=", 500'000))), deep);
  const std::string parts = "a key has more than 16 parts";
  EXPECT_EQ(first_message(load("schema = 1\n" + repeat("a.", 1'000'000) + "a = 1")), parts);
  EXPECT_EQ(first_message(load("schema = 1\n[" + repeat("a.", 1'000'000) + "a]")), parts);
  EXPECT_EQ(first_message(load("schema = 1\n[[" + repeat("'a' . ", 600'000) + "a]]")), parts);
}

TEST(Hostile, what_only_looks_deep_is_fine) {
  const std::string brackets = repeat("[{a.", 1'000);
  EXPECT_EQ(errors_of(load(kMinimal + "[run]\nname = \"" + brackets + "\" # " + brackets)), "");
  EXPECT_EQ(errors_of(load(kMinimal + "[run]\nname = '''" + brackets + "'''''\n")), "");
  EXPECT_EQ(errors_of(load(kMinimal + "[run]\nname = \"\"\"\\\"\"\"" + brackets + "\"\"\"\n")), "");
  EXPECT_EQ(errors_of(load(kMinimal + "[plugins]\npath = [" + repeat("'1.2', ", 100) + "]\n")), "");
}

TEST(Hostile, a_string_that_ends_late_hides_no_depth) {
  // Two quotes that belong to the text before the closing three: behind them is no string.
  const std::string text =
      "schema = 1\nb = [\"\"\"x\"\"\"\"\", {" + repeat("a.", 1'000'000) + "a = 1}]\n";
  EXPECT_EQ(first_message(load(text)), "a key has more than 16 parts");
}

TEST(Hostile, size_and_number_of_values_are_bounded) {
  EXPECT_EQ(first_message(load(std::string(kMaxFileBytes + 1, '\n'))),
            "the file has 4194305 bytes, more than 4194304");
  const std::string many = "the file has more than 500000 values";
  EXPECT_EQ(first_message(load("schema = 1\nx = [" + repeat("1,", 2'000'000) + "]")), many);
  EXPECT_EQ(first_message(load("schema = 1\n" + repeat("[[a]]\n", 600'000))), many);
}

TEST(Hostile, a_great_many_mistakes_cost_little_and_are_counted) {
  std::string text = kMinimal + "[run]\n";
  for (int i = 0; i < 100'000; ++i) {
    text += "unknown_key_" + std::to_string(i) + " = 1\n";
  }
  const auto begin = std::chrono::steady_clock::now();
  const LoadedConfig loaded = load(text);
  const auto took = std::chrono::steady_clock::now() - begin;
  ASSERT_EQ(loaded.diagnostics.size(), Diagnostics::kLimit + 1);
  EXPECT_EQ(loaded.diagnostics.back().message, "99800 further errors are not shown");
  EXPECT_LT(took, std::chrono::seconds(20)); // a quadratic search would take minutes
}

TEST(Hostile, bytes_that_are_no_text_are_errors) {
  EXPECT_TRUE(
      first_message(load(std::string("schema = 1") + '\0' + '\n')).starts_with("not valid TOML"));
  EXPECT_TRUE(first_message(load("schema = 1\nx = \"\xc3\x28\"")).starts_with("not valid TOML"));
  EXPECT_TRUE(first_message(load("\xff\xfe")).starts_with("not valid TOML"));
  EXPECT_TRUE(
      first_message(load("schema = 1\nx = 9223372036854775808")).starts_with("not valid TOML"));
}

TEST(Hostile, random_bytes_and_mutations_never_crash) {
  const std::string whole = kMinimal + "[run]\nname = \"a\"\nscheduler_params = { x = [1, { y = 2 "
                                       "}] }\n[[backdrop.cgroup]]\nname = \"b\"\n";
  std::mt19937_64 random(20'240'601); // fixed: a failure can be repeated
  for (int round = 0; round < 3'000; ++round) {
    std::string text = whole;
    const std::size_t changes = 1 + (random() % 8);
    for (std::size_t i = 0; i < changes; ++i) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
      case 0:
        text[at] = static_cast<char>(random());
        break;
      case 1:
        text.erase(at, 1 + (random() % 4));
        break;
      default:
        text.insert(at, 1, "[]{}=.,\"'#\n\\"[random() % 12]);
        break;
      }
    }
    const LoadedConfig loaded = load(text);
    EXPECT_EQ(loaded.ok(), errors_of(loaded).empty());
  }
}

class TemporaryFolder {
 public:
  TemporaryFolder() : path_(testing::TempDir() + "schedrig_config_XXXXXX") {
    EXPECT_NE(::mkdtemp(path_.data()), nullptr);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] std::string operator/(const char* name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(LoadFile, says_why_a_file_cannot_be_read) {
  const TemporaryFolder folder;
  const LoadedConfig missing = load_file(folder / "missing.toml");
  EXPECT_EQ(errors_of(missing), (folder / "missing.toml") +
                                    ": error: open: No such file or directory (ENOENT)\n"
                                    "help: check the path\n");
  EXPECT_EQ(first_message(load_file(folder.path())), "not a regular file");
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(first_message(load_file(folder / "fifo")), "not a regular file");
  EXPECT_EQ(first_message(load_file("/dev/zero")), "not a regular file");
}

TEST(LoadFile, stops_reading_at_its_limit) {
  const TemporaryFolder folder;
  const std::string path = folder / "large.toml";
  std::ofstream(path) << "schema = 1\n";
  std::filesystem::resize_file(path, 1ULL << 33U); // sparse
  EXPECT_EQ(first_message(load_file(path)), "the file has more than 4194304 bytes");
}

TEST(LoadFile, names_the_run_after_the_file) {
  const TemporaryFolder folder;
  const std::string path = folder / "my_run.toml";
  std::ofstream(path) << kMinimal;
  const LoadedConfig loaded = load_file(path);
  EXPECT_EQ(errors_of(loaded), "");
  EXPECT_EQ(loaded.scenario.run.name, "my_run");
  ASSERT_EQ(loaded.scenario.files.size(), 1U);
  EXPECT_EQ(loaded.scenario.files[0], path);
}

// How long that takes is for ./dev bench to say.
TEST(LoadFile, ten_thousand_ops_are_read) {
  std::string text = "schema = 1\n[[backdrop.cgroup]]\nname = \"a\"\n[[step]]\nhold = \"1s\"\n";
  for (int i = 0; i < 10'000; ++i) {
    text += "[[step.op]]\nkind = \"set_cpuset\"\ncgroup = \"a\"\ncpus = { llc = 0 }\n";
  }
  const LoadedConfig loaded = load(text);
  EXPECT_EQ(errors_of(loaded), "");
  ASSERT_EQ(loaded.scenario.steps.size(), 1U);
  EXPECT_EQ(loaded.scenario.steps[0].ops.size(), 10'000U);
}

} // namespace
} // namespace schedrig::config

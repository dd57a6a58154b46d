// SPDX-License-Identifier: MIT
// Report files from the lab: complete or not at all, and only those that were asked for.
#include <fstream>

#include <gtest/gtest.h>

#include "host/lab/outputs.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig::lab {
namespace {

namespace fs = std::filesystem;

std::string piece(std::uint32_t index, const std::string& content) {
  return std::string(reinterpret_cast<const char*>(&index), sizeof index) + content;
}

std::string read(const fs::path& path) {
  std::ifstream file(path);
  std::string text;
  std::getline(file, text, '\0');
  return text;
}

TEST(LabOutputs, a_file_appears_when_it_is_complete) {
  const test::TempDir temp;
  const std::vector<OutputFile> wanted = {{"/a", temp.path() / "a"}};
  OutputReceiver receiver(wanted);
  ASSERT_TRUE(receiver.on_data(piece(0, "first ")));
  ASSERT_TRUE(receiver.on_data(piece(0, "second")));
  EXPECT_TRUE(fs::is_empty(temp.path()));
  ASSERT_TRUE(receiver.on_end({0, 0, 0640}));
  EXPECT_EQ(read(temp.path() / "a"), "first second");
}

TEST(LabOutputs, an_older_file_is_replaced_and_nothing_else_is_left) {
  const test::TempDir temp;
  temp.write("a", "old and longer");
  ASSERT_TRUE(write_whole_file(temp.path() / "a", "new", 0644));
  EXPECT_EQ(read(temp.path() / "a"), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(temp.path()), fs::directory_iterator()), 1);
}

TEST(LabOutputs, a_file_that_was_not_written_is_listed_as_missing) {
  const std::vector<OutputFile> wanted = {{"/a", "/nonexistent/a"}};
  OutputReceiver receiver(wanted);
  ASSERT_TRUE(receiver.on_end({0, 2, 0}));
  EXPECT_EQ(receiver.missing(), std::vector<std::string>{"/a"});
}

TEST(LabOutputs, what_was_not_asked_for_is_refused) {
  const std::vector<OutputFile> wanted = {{"/a", "/nonexistent/a"}};
  OutputReceiver receiver(wanted);
  EXPECT_FALSE(receiver.on_data(piece(1, "x")));
  EXPECT_FALSE(receiver.on_data("abc"));
  EXPECT_FALSE(receiver.on_end({7, 0, 0}));
}

TEST(LabOutputs, a_place_that_cannot_be_written_is_named) {
  const auto written = write_whole_file("/nonexistent/dir/report.json", "{}", 0644);
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message.find("/nonexistent/dir/report.json"), std::string::npos);
}

} // namespace
} // namespace schedrig::lab

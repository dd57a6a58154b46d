// SPDX-License-Identifier: MIT
// Files that appear whole or not at all.
#include <fstream>

#include <gtest/gtest.h>

#include "host/file/whole_file.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path);
  std::string text;
  std::getline(file, text, '\0');
  return text;
}

TEST(WholeFile, an_older_file_is_replaced_and_nothing_else_is_left) {
  const test::TempDir temp;
  temp.write("a", "old and longer");
  ASSERT_TRUE(write_whole_file(temp.path() / "a", "new", 0644));
  EXPECT_EQ(read(temp.path() / "a"), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(temp.path()), fs::directory_iterator()), 1);
}

TEST(WholeFile, a_place_that_cannot_be_written_is_named) {
  const auto written = write_whole_file("/nonexistent/dir/report.json", "{}", 0644);
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message.find("/nonexistent/dir/report.json"), std::string::npos);
  EXPECT_EQ(written.error().help,
            "give a file in a directory that exists and can be written, with room");
}

} // namespace
} // namespace schedrig

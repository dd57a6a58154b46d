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

TEST(LabOutputs, a_file_that_was_not_written_is_listed_as_missing) {
  const std::vector<OutputFile> wanted = {{"/a", "/nonexistent/a"}};
  OutputReceiver receiver(wanted);
  ASSERT_TRUE(receiver.on_end({0, 2, 0}));
  EXPECT_EQ(receiver.missing(), std::vector<std::string>{"/a"});
}

TEST(LabOutputs, files_of_a_family_go_where_the_rest_of_their_names_leads) {
  const test::TempDir temp;
  const std::vector<OutputFile> wanted = {{"/out/s-", temp.path() / "new" / "s-", true}};
  OutputReceiver receiver(wanted);
  for (const std::string name : {"a.json", "b.json"}) {
    ASSERT_TRUE(receiver.on_name(piece(0, name)));
    ASSERT_TRUE(receiver.on_data(piece(0, "of " + name)));
    ASSERT_TRUE(receiver.on_end({0, 0, 0640}));
  }
  EXPECT_EQ(read(temp.path() / "new/s-a.json"), "of a.json");
  EXPECT_EQ(read(temp.path() / "new/s-b.json"), "of b.json");
  EXPECT_TRUE(receiver.missing().empty());
}

TEST(LabOutputs, a_name_that_leads_elsewhere_or_to_no_family_is_refused) {
  const std::vector<OutputFile> wanted = {{"/s-", "/nonexistent/s-", true},
                                          {"/a", "/nonexistent/a"}};
  OutputReceiver receiver(wanted);
  for (const std::string& name : std::vector<std::string>{
           "", "/etc", "../x", std::string("a\0b", 3), std::string(256, 'x')}) {
    EXPECT_FALSE(receiver.on_name(piece(0, name))) << name;
  }
  EXPECT_FALSE(receiver.on_name(piece(1, "x")));
  EXPECT_FALSE(receiver.on_name(piece(2, "x")));
  EXPECT_FALSE(receiver.on_end({0, 0, 0})) << "no name came before";
}

TEST(LabOutputs, what_was_not_asked_for_is_refused) {
  const std::vector<OutputFile> wanted = {{"/a", "/nonexistent/a"}};
  OutputReceiver receiver(wanted);
  EXPECT_FALSE(receiver.on_data(piece(1, "x")));
  EXPECT_FALSE(receiver.on_data("abc"));
  EXPECT_FALSE(receiver.on_end({7, 0, 0}));
}

} // namespace
} // namespace schedrig::lab

// SPDX-License-Identifier: MIT
// What staging brings along: libraries, the dynamic linker, directories; and what it refuses.
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "host/lab/elf_trim.hpp"
#include "host/lab/staging.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig::lab {
namespace {

namespace fs = std::filesystem;

TEST(LabStaging, a_program_brings_its_libraries_and_its_dynamic_linker) {
  auto archive = CpioWriter::make();
  ASSERT_TRUE(archive);
  const fs::path self = fs::read_symlink("/proc/self/exe");
  const auto staged = stage(*archive, self);
  ASSERT_TRUE(staged) << staged.error().message;
  EXPECT_TRUE(archive->has(self.string()));
  EXPECT_TRUE(archive->has("/lib64/ld-linux-x86-64.so.2"));
  EXPECT_TRUE(archive->has("/lib/x86_64-linux-gnu/libc.so.6"));
}

TEST(LabStaging, a_script_brings_its_interpreter) {
  const test::TempDir temp;
  const fs::path script = temp.write("script", "#! /bin/sh -e\ntrue\n");
  const fs::path other = temp.write("other", "#!/nonexistent/lua\n");
  auto archive = CpioWriter::make();
  ASSERT_TRUE(stage(*archive, script));
  EXPECT_TRUE(archive->has(script.string()));
  EXPECT_TRUE(archive->has("/bin/sh"));
  EXPECT_TRUE(stage(*archive, other)) << "who runs it says what is missing";
}

TEST(LabStaging, a_directory_brings_all_that_is_below_it) {
  const test::TempDir temp;
  temp.write("a/b/c.toml", "1");
  temp.write("a/d", "2");
  auto archive = CpioWriter::make();
  ASSERT_TRUE(stage(*archive, temp.path()));
  EXPECT_TRUE(archive->has((temp.path() / "a/b/c.toml").string()));
  EXPECT_TRUE(archive->has((temp.path() / "a/d").string()));
}

TEST(LabStaging, a_library_that_is_missing_is_named) {
  const test::TempDir temp;
  std::ifstream file("/proc/self/exe", std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  std::string program = text.str();
  const std::string wanted = "libstdc++.so.6";
  const std::size_t at = program.find(wanted);
  ASSERT_NE(at, std::string::npos);
  program.replace(at, wanted.size(), "libnowhere.so.");
  const fs::path broken = temp.write("broken", program);
  fs::permissions(broken, fs::perms::owner_all);
  auto archive = CpioWriter::make();
  const auto staged = stage(*archive, broken);
  ASSERT_FALSE(staged);
  EXPECT_EQ(staged.error().code, StatusCode::kNotFound);
  EXPECT_NE(staged.error().message.find("libnowhere.so."), std::string::npos)
      << staged.error().message;
}

TEST(LabStaging, a_file_that_is_not_there_is_named) {
  auto archive = CpioWriter::make();
  const auto staged = stage(*archive, "/nonexistent/config.toml");
  ASSERT_FALSE(staged);
  EXPECT_EQ(staged.error().code, StatusCode::kNotFound);
  EXPECT_NE(staged.error().message.find("/nonexistent/config.toml"), std::string::npos);
}

} // namespace
} // namespace schedrig::lab

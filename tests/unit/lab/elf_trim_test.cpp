// SPDX-License-Identifier: MIT
// Trimmed ELF files are smaller and still run.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <elf.h>
#include <gtest/gtest.h>

#include "host/lab/elf_trim.hpp"
#include "host/process/child_process.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig::lab {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(ElfTrim, this_program_gets_smaller_and_still_runs) {
  const std::string whole = read("/proc/self/exe");
  const std::string trimmed = trim_elf(whole);
  EXPECT_LT(trimmed.size(), whole.size());
  const test::TempDir temp;
  const fs::path copy = temp.write("copy", trimmed);
  fs::permissions(copy, fs::perms::owner_all);
  const auto listed =
      run_child({.argv = {copy.string(), "--gtest_list_tests"}, .env = {}, .working_dir = {}});
  ASSERT_TRUE(listed) << listed.error().message;
  EXPECT_EQ(listed->exit_code, 0);
  EXPECT_NE(listed->out.find("this_program_gets_smaller"), std::string::npos);
}

TEST(ElfTrim, sections_that_are_loaded_keep_their_names) {
  const std::string trimmed = trim_elf(read("/proc/self/exe"));
  Elf64_Ehdr header{};
  std::memcpy(&header, trimmed.data(), sizeof header);
  std::vector<std::string> names;
  Elf64_Shdr table{};
  std::memcpy(&table, trimmed.data() + header.e_shoff + header.e_shstrndx * sizeof table,
              sizeof table);
  for (unsigned i = 1; i < header.e_shnum; ++i) {
    Elf64_Shdr section{};
    std::memcpy(&section, trimmed.data() + header.e_shoff + i * sizeof section, sizeof section);
    names.emplace_back(trimmed.data() + table.sh_offset + section.sh_name);
  }
  EXPECT_NE(std::ranges::find(names, ".dynamic"), names.end());
  EXPECT_NE(std::ranges::find(names, ".note.ABI-tag"), names.end());
  EXPECT_EQ(std::ranges::find(names, ".symtab"), names.end());
}

TEST(ElfTrim, what_is_no_elf_file_stays_as_it_is) {
  EXPECT_EQ(trim_elf("#!/bin/sh\n"), "#!/bin/sh\n");
  EXPECT_EQ(trim_elf(""), "");
  EXPECT_FALSE(is_dynamic("text"));
  EXPECT_EQ(interpreter("text"), "");
}

TEST(ElfTrim, damaged_files_never_crash) {
  const std::string whole = read("/proc/self/exe").substr(0, 4096);
  for (std::size_t at = 0; at < 1024; ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(~static_cast<unsigned char>(changed[at]));
    (void)trim_elf(changed);
    (void)is_dynamic(changed);
    (void)interpreter(changed);
    (void)trim_elf(whole.substr(0, at));
  }
}

} // namespace
} // namespace schedrig::lab

// SPDX-License-Identifier: MIT
// What a program needs, read from its ELF file; and that no damaged file is believed.
#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "agent_process.hpp"
#include "backend/program_elf.hpp"
#include "backend/program_files.hpp"
#include "linker_cache_file.hpp"

namespace schedrig::kvm {
namespace {

using ::testing::HasSubstr;

Bytes read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

TEST(ProgramElf, a_dynamic_program_names_its_linker_and_libraries) {
  const Bytes file = read("/usr/bin/true");
  ASSERT_TRUE(is_elf(file));
  const auto needs = read_elf_needs(file);
  ASSERT_TRUE(needs) << needs.error().message;
  EXPECT_EQ(needs->interpreter, "/lib64/ld-linux-x86-64.so.2");
  EXPECT_THAT(needs->needed, ::testing::Contains("libc.so.6"));
}

TEST(ProgramElf, the_static_agent_needs_nothing) {
  const auto needs = read_elf_needs(read(STATIC_AGENT));
  ASSERT_TRUE(needs) << needs.error().message;
  EXPECT_EQ(needs->interpreter, "");
  EXPECT_TRUE(needs->needed.empty());
}

TEST(ProgramElf, another_machines_program_is_no_program_here) {
  Bytes file = read("/usr/bin/true");
  const std::uint16_t arm = EM_AARCH64;
  std::memcpy(file.data() + offsetof(Elf64_Ehdr, e_machine), &arm, sizeof arm);
  const auto needs = read_elf_needs(file);
  ASSERT_FALSE(needs);
  EXPECT_EQ(needs.error().code, StatusCode::kInvalidArgument);
}

// Each could name 512 libraries of 4 KiB names, and there may be 128 program headers.
TEST(ProgramElf, a_second_dynamic_section_is_damage) {
  Bytes file = read("/usr/bin/true");
  Elf64_Ehdr header{};
  std::memcpy(&header, file.data(), sizeof header);
  std::byte* const first = file.data() + header.e_phoff;
  const std::span<Elf64_Phdr> headers(reinterpret_cast<Elf64_Phdr*>(first), header.e_phnum);
  const auto dynamic = std::ranges::find(headers, PT_DYNAMIC, &Elf64_Phdr::p_type);
  ASSERT_NE(dynamic, headers.end());
  headers[0] = *dynamic;
  const auto needs = read_elf_needs(file);
  ASSERT_FALSE(needs);
  EXPECT_EQ(needs.error().code, StatusCode::kBadData);
}

TEST(ProgramElf, a_file_cut_anywhere_is_read_or_refused_within_its_bounds) {
  const Bytes file = read("/usr/bin/true");
  std::size_t refused = 0;
  for (std::size_t bytes = 0; bytes < file.size(); bytes += 1 + bytes / 64) {
    const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(bytes));
    refused += read_elf_needs(cut) ? 0U : 1U;
  }
  EXPECT_GT(refused, 100U);
}

TEST(ProgramElf, flipped_bytes_are_read_or_refused_within_bounds) {
  const Bytes file = read("/usr/bin/true");
  std::mt19937 random(1);
  std::size_t refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    Bytes damaged = file;
    for (int i = 0; i < 4; ++i) { // mostly in the headers
      damaged[random() % (round % 2 == 0 ? 1024 : damaged.size())] =
          static_cast<std::byte>(random() % 256);
    }
    const auto needs = read_elf_needs(damaged);
    refused += needs ? 0U : 1U;
    if (needs) {
      EXPECT_LE(needs->needed.size(), 512U);
    }
  }
  EXPECT_GT(refused, 100U);
}

void write(const std::string& path, const Bytes& file) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  EXPECT_EQ(::chmod(path.c_str(), 0755), 0);
}

// A copy of true(1) that needs libq.so.6 in place of the C library.
void write_program_of_libq(const std::string& path) {
  Bytes file = read("/usr/bin/true");
  const std::string_view name = "libc.so.6";
  const auto text = std::as_bytes(std::span(name));
  for (auto at = std::ranges::search(file, text); !at.empty();
       at = std::ranges::search(file, text)) {
    *std::next(at.begin(), 3) = std::byte{'q'}; // wherever it stands
  }
  write(path, file);
}

TEST(ProgramFiles, a_library_is_found_where_only_the_linkers_cache_says_so) {
  const StageRoot dir;
  const std::string path = dir.path() + "/program";
  const std::string library = dir.path() + "/libq.so.6";
  const std::string cache = dir.path() + "/ld.so.cache";
  write_program_of_libq(path);
  write(library, read("/usr/bin/true")); // any ELF file
  write(cache, test::linker_cache_file({{"libq.so.6", library}}));
  const auto files = find_program_files(path, cache);
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_THAT(files->library_dirs, ::testing::Contains(dir.path()));
  EXPECT_THAT(files->files, ::testing::Contains(::testing::Field(&ProgramFile::path, library)));
}

TEST(ProgramFiles, a_damaged_linkers_cache_is_named) {
  const StageRoot dir;
  const std::string cache = dir.path() + "/ld.so.cache";
  Bytes file = test::linker_cache_file({{"libq.so.6", "/libq.so.6"}});
  file.resize(file.size() - 1);
  write(cache, file);
  const auto files = find_program_files("/usr/bin/true", cache);
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().code, StatusCode::kBadData);
  EXPECT_THAT(files.error().message, HasSubstr(cache));
}

TEST(ProgramFiles, a_library_that_is_not_here_is_named_with_who_wants_it) {
  const StageRoot dir;
  const std::string path = dir.path() + "/program";
  write_program_of_libq(path);
  const auto files = find_program_files(path);
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().code, StatusCode::kNotFound);
  EXPECT_THAT(files.error().message, HasSubstr(path + " needs the library libq.so.6"));
}

TEST(ProgramFiles, a_name_is_found_in_path_and_each_file_comes_once) {
  const auto files = find_program_files("sleep");
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_TRUE(files->program.ends_with("/sleep"));
  ASSERT_FALSE(files->files.empty());
  EXPECT_EQ(files->files[0].path, files->program);
  std::vector<std::string> paths;
  for (const ProgramFile& file : files->files) {
    paths.push_back(file.path);
  }
  std::ranges::sort(paths);
  EXPECT_EQ(std::ranges::adjacent_find(paths), paths.end());
  EXPECT_FALSE(files->library_dirs.empty());
}

} // namespace
} // namespace schedrig::kvm

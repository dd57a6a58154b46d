// SPDX-License-Identifier: MIT
// Reading notes from good files and hostile ones.
#include <cstring>
#include <random>

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <schedrig/plugin.hpp>

#include "host/loader/elf_note.hpp"
#include "tests/unit/loader/test_files.hpp"

namespace schedrig::loader {
namespace {

using testing::HasSubstr;

class ElfNote : public testing::Test {
 protected:
  // Writes the bytes to a file and reads its note.
  Result<PluginFile> read_bytes(std::string_view bytes) {
    const std::filesystem::path path = dir_ / "x.so";
    write_file(path, bytes);
    return read_plugin_file(path);
  }

  std::string sound_ = read_file(test_plugin("sound"));
  TempDir dir_;
};

Elf64_Ehdr header_of(const std::string& bytes) {
  Elf64_Ehdr header{};
  std::memcpy(&header, bytes.data(), sizeof(header));
  return header;
}

void put_header(std::string& bytes, const Elf64_Ehdr& header) {
  std::memcpy(bytes.data(), &header, sizeof(header));
}

// Calls change(section header) on every section header of the file.
template <class Change> void change_sections(std::string& bytes, Change change) {
  const Elf64_Ehdr header = header_of(bytes);
  for (std::size_t i = 0; i < header.e_shnum; ++i) {
    char* at = bytes.data() + header.e_shoff + i * sizeof(Elf64_Shdr);
    Elf64_Shdr section{};
    std::memcpy(&section, at, sizeof(section));
    change(section);
    std::memcpy(at, &section, sizeof(section));
  }
}

std::size_t note_offset(const std::string& bytes) {
  const AbiNoteRecord record = make_abi_note_record(2);
  return bytes.find(std::string(reinterpret_cast<const char*>(&record), sizeof(record)));
}

TEST_F(ElfNote, the_note_of_a_sound_plugin_is_read) {
  const Result<PluginFile> file = read_plugin_file(test_plugin("sound"));
  ASSERT_TRUE(file) << file.error().message;
  const AbiNote expected = make_abi_note(static_cast<std::uint32_t>(PluginKind::kScheduler));
  EXPECT_EQ(std::memcmp(&file->note, &expected, sizeof(expected)), 0);
  EXPECT_EQ(file->identity, file_identity(test_plugin("sound")).value());
}

TEST_F(ElfNote, a_missing_file_is_not_found) {
  const auto file = read_plugin_file(dir_ / "nothing.so");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, StatusCode::kNotFound);
  EXPECT_EQ(file_identity(dir_ / "nothing.so").error().code, StatusCode::kNotFound);
}

TEST_F(ElfNote, text_and_an_empty_file_are_no_elf) {
  for (const std::string_view bytes : {std::string_view(), std::string_view("#!/bin/sh\n")}) {
    const auto file = read_bytes(bytes);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, StatusCode::kBadData);
    EXPECT_THAT(file.error().message, HasSubstr("not an ELF file"));
  }
}

TEST_F(ElfNote, a_directory_and_a_fifo_are_no_plugins) {
  EXPECT_THAT(read_plugin_file(dir_.path()).error().message, HasSubstr("not a regular file"));
  ASSERT_EQ(::mkfifo((dir_ / "pipe.so").c_str(), 0600), 0);
  EXPECT_THAT(read_plugin_file(dir_ / "pipe.so").error().message, HasSubstr("not a regular file"));
}

TEST_F(ElfNote, an_executable_is_no_shared_object) {
  Elf64_Ehdr header = header_of(sound_);
  header.e_type = ET_EXEC;
  put_header(sound_, header);
  const auto file = read_bytes(sound_);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, StatusCode::kUnsupported);
  EXPECT_THAT(file.error().message, HasSubstr("not a shared object (ELF e_type 2)"));
}

TEST_F(ElfNote, another_machine_and_class_are_refused) {
  Elf64_Ehdr header = header_of(sound_);
  header.e_machine = EM_AARCH64;
  put_header(sound_, header);
  EXPECT_THAT(read_bytes(sound_).error().message, HasSubstr("built for another machine"));
  header.e_machine = EM_X86_64;
  header.e_ident[EI_CLASS] = ELFCLASS32;
  put_header(sound_, header);
  EXPECT_THAT(read_bytes(sound_).error().message, HasSubstr("not a 64-bit ELF file"));
}

TEST_F(ElfNote, a_library_without_the_note_is_told_how_to_get_one) {
  const auto file = read_plugin_file(test_plugin("no_note"));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, StatusCode::kBadData);
  EXPECT_THAT(file.error().message, HasSubstr("no section .note.schedrig"));
  EXPECT_THAT(file.error().help, HasSubstr("SCHEDRIG_PLUGIN"));
}

TEST_F(ElfNote, a_file_cut_anywhere_is_an_error) {
  // Every length of the first page, then every 97th: each is an error, since the section headers
  // are at the end of the file.
  for (std::size_t n = 0; n < sound_.size(); n += n < 4096 ? 1 : 97) {
    ASSERT_FALSE(read_bytes(std::string_view(sound_).substr(0, n))) << n;
  }
}

TEST_F(ElfNote, huge_sections_are_refused_before_anything_is_allocated) {
  for (const std::uint64_t size :
       {std::uint64_t{5000}, std::uint64_t{1} << 40U, ~std::uint64_t{0}}) {
    std::string bytes = sound_;
    change_sections(bytes, [&](Elf64_Shdr& section) { section.sh_size = size; });
    ASSERT_FALSE(read_bytes(bytes));
    // Only the note's: the section names stay readable.
    bytes = sound_;
    change_sections(bytes, [&](Elf64_Shdr& section) {
      if (section.sh_type == SHT_NOTE) {
        section.sh_size = size;
      }
    });
    const auto file = read_bytes(bytes);
    ASSERT_FALSE(file);
    EXPECT_THAT(file.error().message, HasSubstr("malformed"));
  }
}

TEST_F(ElfNote, wild_offsets_and_names_are_errors) {
  std::string bytes = sound_;
  change_sections(bytes, [](Elf64_Shdr& section) { section.sh_offset = ~std::uint64_t{0} - 16; });
  EXPECT_FALSE(read_bytes(bytes));
  bytes = sound_;
  change_sections(bytes, [](Elf64_Shdr& section) { section.sh_name = 0xFFFFFFFFU; });
  EXPECT_FALSE(read_bytes(bytes));
  bytes = sound_;
  change_sections(bytes, [](Elf64_Shdr& section) { section.sh_type = SHT_NOBITS; });
  EXPECT_FALSE(read_bytes(bytes));
}

TEST_F(ElfNote, wild_tables_of_sections_are_errors) {
  const auto broken = [&](auto change) {
    std::string bytes = sound_;
    Elf64_Ehdr header = header_of(bytes);
    change(header);
    put_header(bytes, header);
    return !read_bytes(bytes);
  };
  EXPECT_TRUE(broken([](Elf64_Ehdr& h) { h.e_shnum = 0; })); // "see section 0": no bound
  EXPECT_TRUE(broken([](Elf64_Ehdr& h) { h.e_shnum = 0xFEFF; }));
  EXPECT_TRUE(broken([](Elf64_Ehdr& h) { h.e_shoff = 0; }));
  EXPECT_TRUE(broken([](Elf64_Ehdr& h) { h.e_shoff = ~std::uint64_t{0}; }));
  EXPECT_TRUE(broken([](Elf64_Ehdr& h) { h.e_shentsize = 1; }));
  EXPECT_TRUE(broken([](Elf64_Ehdr& h) { h.e_shstrndx = SHN_XINDEX; }));
  EXPECT_TRUE(broken([](Elf64_Ehdr& h) { h.e_shstrndx = 0; }));
}

TEST_F(ElfNote, a_malformed_note_record_is_an_error) {
  const std::size_t at = note_offset(sound_);
  ASSERT_NE(at, std::string::npos);
  const auto with = [&](std::size_t offset, std::uint32_t value) {
    std::string bytes = sound_;
    std::memcpy(bytes.data() + at + offset, &value, sizeof(value));
    return read_bytes(bytes);
  };
  for (const std::size_t field :
       {offsetof(AbiNoteRecord, name_bytes), offsetof(AbiNoteRecord, desc_bytes),
        offsetof(AbiNoteRecord, type), offsetof(AbiNoteRecord, name),
        offsetof(AbiNoteRecord, note) + offsetof(AbiNote, size)}) {
    for (const std::uint32_t value : {0U, 3U, 0x7FFFFFFFU, 0xFFFFFFFFU}) {
      const auto file = with(field, value);
      ASSERT_FALSE(file) << field << " " << value;
      EXPECT_THAT(file.error().message, HasSubstr("malformed note"));
    }
  }
  const auto unchanged = with(offsetof(AbiNoteRecord, type), kNoteType);
  EXPECT_TRUE(unchanged);
}

TEST_F(ElfNote, a_huge_sparse_file_is_refused_by_its_size) {
  const std::filesystem::path path = dir_ / "sparse.so";
  write_file(path, sound_);
  std::filesystem::resize_file(path, static_cast<std::uintmax_t>(kMaxPluginFileBytes) + 1);
  EXPECT_THAT(read_plugin_file(path).error().message, HasSubstr("at most"));
}

// Whatever the bytes are: an answer, no crash, no unbounded allocation. The address space limit
// turns the latter into a failure.
TEST_F(ElfNote, random_changes_never_crash) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  struct rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
  struct rlimit limit = before;
  limit.rlim_cur = rlim_t{1} << 30U;
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &limit), 0);
#endif
  std::mt19937 random(20231121); // NOLINT(cert-msc51-cpp): the same bytes every time
  const Elf64_Ehdr header = header_of(sound_);
  const std::size_t table_bytes = header.e_shnum * sizeof(Elf64_Shdr);
  std::size_t refused = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = sound_;
    for (int change = 0; change < 8; ++change) {
      // One half of the changes in the ELF header, one in the section headers.
      const std::size_t at =
          change % 2 == 0 ? random() % sizeof(Elf64_Ehdr) : header.e_shoff + random() % table_bytes;
      bytes[at] = static_cast<char>(random());
    }
    refused += read_bytes(bytes) ? 0U : 1U;
  }
  EXPECT_GT(refused, 1500U);
  std::string noise(8192, '\0');
  for (int round = 0; round < 500; ++round) {
    for (char& c : noise) {
      c = static_cast<char>(random());
    }
    Elf64_Ehdr good = header; // a valid header over noise
    good.e_shoff = random() % noise.size();
    good.e_shnum = static_cast<std::uint16_t>(1 + random() % 100);
    good.e_shstrndx = static_cast<std::uint16_t>(random() % good.e_shnum);
    put_header(noise, good);
    EXPECT_FALSE(read_bytes(noise));
  }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &before), 0);
#endif
}

} // namespace
} // namespace schedrig::loader

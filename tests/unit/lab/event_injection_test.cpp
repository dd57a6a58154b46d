// SPDX-License-Identifier: MIT
// The correction of QEMU's event injection: on a small ELF file of the shape that matters, on
// damaged ones, and on a file system.
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <elf.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "host/lab/event_injection.hpp"

namespace schedrig::lab {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kBase = 0x400000; // address of the file's first byte
constexpr std::size_t kCode = 0x400;      // offset of helper_vmrun
constexpr std::size_t kDeliver = 0x600;   // offset of do_interrupt_x86_hardirq

// Instructions, as an assembler writes them.
const std::string kStore("\x89\xb3\x50\xc2\xff\xff", 6);        // mov %esi,-0x3db0(%rbx)
const std::string kStoreR12("\x44\x89\xa3\x50\xc2\xff\xff", 7); // mov %r12d,-0x3db0(%rbx)
const std::string kOwnStore("\x44\x89\xab\x80\x34\x00\x00", 7); // mov %r13d,0x3480(%rbx)
const std::string kArgument("\xba\x01\x00\x00\x00", 5);         // mov $1,%edx
const std::string kNop("\x66\x0f\x1f\x44\x00\x00", 6);

template <class T> void put(std::string& file, std::size_t offset, const T& value) {
  file.replace(offset, sizeof value, reinterpret_cast<const char*>(&value), sizeof value);
}

// A call of do_interrupt_x86_hardirq that starts at `at` in helper_vmrun.
std::string call_at(std::size_t at) {
  const auto distance = static_cast<std::int32_t>(kDeliver - (kCode + at + 5));
  std::string bytes = "\xe8";
  bytes.append(reinterpret_cast<const char*>(&distance), sizeof distance);
  return bytes;
}

// An ELF file whose helper_vmrun is `before`, the call, and a return.
std::string program(const std::string& before) {
  const std::string code = before + call_at(before.size()) + "\xc3";
  const std::string names("\0helper_vmrun\0do_interrupt_x86_hardirq\0", 39);
  std::string file(0x700, '\0');
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_machine = EM_X86_64;
  header.e_phoff = 0x40;
  header.e_phnum = 1;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_shoff = 0x100;
  header.e_shnum = 3;
  header.e_shentsize = sizeof(Elf64_Shdr);
  put(file, 0, header);
  Elf64_Phdr segment{};
  segment.p_type = PT_LOAD;
  segment.p_vaddr = kBase;
  segment.p_filesz = file.size();
  put(file, 0x40, segment);
  Elf64_Shdr symbols{};
  symbols.sh_type = SHT_DYNSYM;
  symbols.sh_offset = 0x200;
  symbols.sh_size = 3 * sizeof(Elf64_Sym);
  symbols.sh_link = 2;
  put(file, 0x100 + sizeof(Elf64_Shdr), symbols);
  Elf64_Shdr strings{};
  strings.sh_type = SHT_STRTAB;
  strings.sh_offset = 0x280;
  strings.sh_size = names.size();
  put(file, 0x100 + 2 * sizeof(Elf64_Shdr), strings);
  Elf64_Sym symbol{};
  symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
  symbol.st_name = 1;
  symbol.st_value = kBase + kCode;
  symbol.st_size = code.size();
  put(file, 0x200 + sizeof symbol, symbol);
  symbol.st_name = 14;
  symbol.st_value = kBase + kDeliver;
  symbol.st_size = 1;
  put(file, 0x200 + 2 * sizeof symbol, symbol);
  file.replace(0x280, names.size(), names);
  file.replace(kCode, code.size(), code);
  return file;
}

TEST(EventInjection, the_store_of_the_vector_becomes_a_nop_and_nothing_else_changes) {
  std::string file = program(kOwnStore + kStore + kArgument);
  std::string expected = file;
  expected.replace(kCode + kOwnStore.size(), kStore.size(), kNop);
  EXPECT_TRUE(correct_event_injection(file));
  EXPECT_EQ(file, expected);
}

TEST(EventInjection, a_register_that_needs_a_prefix_keeps_it_before_the_nop) {
  std::string file = program(kStoreR12 + kArgument);
  std::string expected = file;
  expected.replace(kCode + 1, kNop.size(), kNop);
  EXPECT_TRUE(correct_event_injection(file));
  EXPECT_EQ(file, expected);
}

TEST(EventInjection, what_was_corrected_is_not_recognised_again) {
  std::string file = program(kStore + kArgument);
  ASSERT_TRUE(correct_event_injection(file));
  const std::string corrected = file;
  EXPECT_FALSE(correct_event_injection(file));
  EXPECT_EQ(file, corrected);
}

TEST(EventInjection, two_candidates_or_two_calls_are_left_alone) {
  for (const std::string& before : {kStore + kStore + kArgument, kStore + call_at(kStore.size())}) {
    std::string file = program(before);
    const std::string as_it_was = file;
    EXPECT_FALSE(correct_event_injection(file));
    EXPECT_EQ(file, as_it_was);
  }
}

TEST(EventInjection, a_store_far_before_the_call_is_another_one) {
  std::string file = program(kStore + std::string(100, '\x90'));
  const std::string as_it_was = file;
  EXPECT_FALSE(correct_event_injection(file));
  EXPECT_EQ(file, as_it_was);
}

TEST(EventInjection, other_files_and_damaged_ones_are_left_alone) {
  const std::string whole = program(kStore + kArgument);
  for (std::size_t size = 0; size < kCode + kStore.size(); ++size) {
    std::string cut = whole.substr(0, size);
    EXPECT_FALSE(correct_event_injection(cut)) << size;
    EXPECT_EQ(cut, whole.substr(0, size));
  }
  // Every 8-byte word of the headers and tables as large as can be: no access out of bounds.
  for (std::size_t at = 8; at < 0x280; at += 8) {
    std::string file = whole;
    put(file, at, ~std::uint64_t{0});
    const bool corrected = correct_event_injection(file);
    EXPECT_EQ(corrected, file.substr(kCode, kNop.size()) == kNop) << at;
  }
}

TEST(EventInjection, the_corrected_copy_is_made_once_beside_the_program) {
  const fs::path dir = fs::path(testing::TempDir()) / ("injection-" + std::to_string(getpid()));
  fs::create_directory(dir);
  const fs::path binary = dir / "qemu";
  std::ofstream(binary, std::ios::binary) << program(kStore + kArgument);
  fs::permissions(binary, fs::perms::owner_all);
  const auto copy = corrected_copy(binary);
  ASSERT_TRUE(copy) << copy.error().message;
  std::ifstream in(*copy, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  EXPECT_EQ(bytes.substr(kCode, kNop.size()), kNop);
  EXPECT_EQ(fs::status(*copy).permissions(), fs::perms::owner_all);
  const auto time = fs::last_write_time(*copy);
  EXPECT_EQ(*corrected_copy(binary), *copy);
  EXPECT_EQ(fs::last_write_time(*copy), time);
  std::ofstream(dir / "other") << "no program";
  const auto refused = corrected_copy(dir / "other");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, StatusCode::kUnsupported);
  EXPECT_FALSE(fs::exists(dir / "other.corrected"));
  fs::remove_all(dir);
}

} // namespace
} // namespace schedrig::lab

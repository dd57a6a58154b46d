// SPDX-License-Identifier: MIT
// vmlinux files: a small valid one, then everything that can be wrong with one, and what the loader
// makes of it.
#include <cstring>
#include <functional>

#include <elf.h>
#include <gtest/gtest.h>

#include "vmm/boot/loader.hpp"
#include "vmm/boot/vmlinux.hpp"

namespace schedrig::kvm {
namespace {

using File = std::vector<std::byte>;

constexpr std::size_t kTextBytes = 512;
constexpr std::size_t kDataBytes = 256;
constexpr Gpa kText = 0x1000000;
constexpr Gpa kData = 0x1200000;
constexpr std::uint64_t kDataInMemory = 0x4000; // zeros behind the bytes

Elf64_Ehdr& header_of(File& file) {
  return *reinterpret_cast<Elf64_Ehdr*>(file.data());
}
Elf64_Phdr& segment_of(File& file, std::size_t index) {
  return reinterpret_cast<Elf64_Phdr*>(file.data() + sizeof(Elf64_Ehdr))[index];
}

// Text, data with zeros behind it, a note; the entry point lies in the data, as in recent kernels.
File valid_file() {
  constexpr std::size_t kSegments = 3;
  constexpr std::size_t kTextAt = sizeof(Elf64_Ehdr) + kSegments * sizeof(Elf64_Phdr);
  File file(kTextAt + kTextBytes + kDataBytes);
  Elf64_Ehdr& header = header_of(file);
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = ET_EXEC;
  header.e_machine = EM_X86_64;
  header.e_entry = kData + 0x10;
  header.e_phoff = sizeof(Elf64_Ehdr);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = kSegments;
  segment_of(file, 0) = {.p_type = PT_LOAD,
                         .p_flags = PF_R | PF_X,
                         .p_offset = kTextAt,
                         .p_vaddr = 0xffffffff81000000,
                         .p_paddr = kText,
                         .p_filesz = kTextBytes,
                         .p_memsz = kTextBytes,
                         .p_align = 0x200000};
  segment_of(file, 1) = {.p_type = PT_LOAD,
                         .p_flags = PF_R | PF_W,
                         .p_offset = kTextAt + kTextBytes,
                         .p_vaddr = 0xffffffff81200000,
                         .p_paddr = kData,
                         .p_filesz = kDataBytes,
                         .p_memsz = kDataInMemory,
                         .p_align = 0x200000};
  segment_of(file, 2) = segment_of(file, 0);
  segment_of(file, 2).p_type = PT_NOTE;
  std::memset(file.data() + kTextAt, 0x11, kTextBytes);
  std::memset(file.data() + kTextAt + kTextBytes, 0x22, kDataBytes);
  return file;
}

TEST(Vmlinux, the_program_headers_say_where_the_kernel_lies) {
  const File file = valid_file();
  const auto parsed = parse_kernel_image(file);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(parsed->format, KernelFormat::kVmlinux);
  ASSERT_EQ(parsed->segments.size(), 2U);
  EXPECT_EQ(parsed->segments[1].address, kData);
  EXPECT_EQ(parsed->segments[1].bytes.size(), kDataBytes);
  EXPECT_EQ(parsed->load_address, kText);
  EXPECT_EQ(parsed->init_size, kData + kDataInMemory - kText);
  EXPECT_EQ(parsed->entry, kData + 0x10);
}

TEST(Vmlinux, every_field_that_cannot_be_is_an_error) {
  struct Damage {
    const char* what;
    std::function<void(File&)> apply;
  };
  const Damage damages[] = {
      {"cut in the header", [](File& f) { f.resize(40); }},
      {"32-bit", [](File& f) { f[EI_CLASS] = std::byte{ELFCLASS32}; }},
      {"big-endian", [](File& f) { f[EI_DATA] = std::byte{ELFDATA2MSB}; }},
      {"machine", [](File& f) { header_of(f).e_machine = EM_AARCH64; }},
      {"shared object", [](File& f) { header_of(f).e_type = ET_DYN; }},
      {"no program headers", [](File& f) { header_of(f).e_phnum = 0; }},
      {"many program headers", [](File& f) { header_of(f).e_phnum = 0xffff; }},
      {"size of a program header", [](File& f) { header_of(f).e_phentsize = 32; }},
      {"program headers behind the end", [](File& f) { header_of(f).e_phoff = ~0ULL; }},
      {"program headers across the end", [](File& f) { header_of(f).e_phoff = f.size() - 8; }},
      {"entry point", [](File& f) { header_of(f).e_entry = 0xffffffff81000000; }},
      {"entry point in zeros", [](File& f) { header_of(f).e_entry = kData + kDataBytes; }},
      {"offset", [](File& f) { segment_of(f, 0).p_offset = ~0ULL - 8; }},
      {"bytes", [](File& f) { segment_of(f, 1).p_filesz = kDataBytes + 1; }},
      {"more bytes than memory", [](File& f) { segment_of(f, 0).p_memsz = kTextBytes - 1; }},
      {"address in the device hole", [](File& f) { segment_of(f, 0).p_paddr = kHoleStart; }},
      {"address above 4 GiB", [](File& f) { segment_of(f, 0).p_paddr = kHoleEnd; }},
      {"address that wraps", [](File& f) { segment_of(f, 1).p_paddr = ~0ULL - 0x1000; }},
      {"memory", [](File& f) { segment_of(f, 1).p_memsz = ~0ULL; }},
      {"nothing to load",
       [](File& f) { segment_of(f, 0).p_type = segment_of(f, 1).p_type = PT_NOTE; }},
  };
  for (const Damage& damage : damages) {
    File file = valid_file();
    damage.apply(file);
    const auto parsed = parse_kernel_image(file);
    ASSERT_FALSE(parsed.has_value()) << damage.what;
    EXPECT_EQ(parsed.error().code, StatusCode::kBadData) << damage.what;
    EXPECT_FALSE(parsed.error().message.empty());
  }
}

TEST(Vmlinux, its_segments_are_loaded_and_an_initramfs_lies_behind_them) {
  const File file = valid_file();
  const auto kernel = parse_kernel_image(file);
  ASSERT_TRUE(kernel.has_value());
  const auto memory = GuestMemory::create(256ULL << 20);
  ASSERT_TRUE(memory.has_value());
  const std::vector<std::byte> initramfs(5000, std::byte{7});
  const auto entry = load_linux(*memory, {.kernel = *kernel,
                                          .initramfs = initramfs,
                                          .command_line = "console=hvc0",
                                          .rsdp = kAcpiAddress});
  ASSERT_TRUE(entry.has_value()) << entry.error().message;
  EXPECT_EQ(entry->rip, kData + 0x10);
  EXPECT_EQ(memory->slice(kText, 1)[0], std::byte{0x11});
  EXPECT_EQ(memory->slice(kData + kDataBytes - 1, 1)[0], std::byte{0x22});
  EXPECT_EQ(memory->slice(kData + kDataBytes, 1)[0], std::byte{0});
  boot_params params{};
  ASSERT_TRUE(memory->read(kBootParamsAddress, std::as_writable_bytes(std::span(&params, 1))));
  EXPECT_EQ(params.hdr.boot_flag, 0xaa55);
  EXPECT_EQ(params.hdr.cmd_line_ptr, kCommandLineAddress);
  EXPECT_EQ(params.hdr.ramdisk_size, 5000U);
  EXPECT_GE(params.hdr.ramdisk_image, kData + kDataInMemory);
  EXPECT_EQ(params.hdr.loadflags & KASLR_FLAG, 0) << "nothing has moved this kernel";
}

TEST(Vmlinux, one_below_a_mebibyte_or_beyond_the_ram_does_not_fit) {
  const auto memory = GuestMemory::create(128ULL << 20);
  ASSERT_TRUE(memory.has_value());
  File low = valid_file();
  segment_of(low, 0).p_paddr = 0x8000; // where the boot data lies
  File high = valid_file();
  segment_of(high, 1).p_memsz = 128ULL << 20;
  for (const File& file : {low, high}) {
    const auto kernel = parse_kernel_image(file);
    ASSERT_TRUE(kernel.has_value()) << kernel.error().message;
    const auto entry = load_linux(
        *memory, {.kernel = *kernel, .initramfs = {}, .command_line = "", .rsdp = kAcpiAddress});
    ASSERT_FALSE(entry.has_value());
    EXPECT_EQ(entry.error().code, StatusCode::kInvalidArgument);
  }
}

} // namespace
} // namespace schedrig::kvm

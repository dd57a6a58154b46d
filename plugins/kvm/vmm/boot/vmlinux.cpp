// SPDX-License-Identifier: MIT
// Checks of a vmlinux's ELF header and program headers.
#include "vmlinux.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include <elf.h>

namespace schedrig::kvm {
namespace {

// Kernels have three to five.
constexpr std::uint16_t kMaxProgramHeaders = 64;
// COMMAND_LINE_SIZE of arch/x86/include/asm/setup.h, less the zero.
constexpr std::uint64_t kCommandLineMax = 2047;

std::unexpected<Error> bad(const std::string& what) {
  return fail(StatusCode::kBadData, "vmlinux: " + what,
              "give the vmlinux of an x86-64 kernel's build, or one that `schedrig kernel unpack` "
              "made of a bzImage");
}

// What a boot loader would take from a bzImage's header, with the values that every build has
// (arch/x86/boot/header.S). Nothing here is the vmlinux's to say.
setup_header plain_header() {
  setup_header header{};
  header.boot_flag = 0xaa55;
  header.header = 0x53726448; // "HdrS"
  header.version = 0x020f;
  header.loadflags = LOADED_HIGH;
  header.cmdline_size = kCommandLineMax;
  header.initrd_addr_max = kUsualInitrdEndMax - 1;
  header.kernel_alignment = 0x200000;
  return header;
}

Result<Elf64_Ehdr> read_header(std::span<const std::byte> file) {
  Elf64_Ehdr header{};
  if (file.size() < sizeof header) {
    return bad(std::to_string(file.size()) + " bytes, too short for an ELF header");
  }
  std::memcpy(&header, file.data(), sizeof header);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
      header.e_machine != EM_X86_64 || header.e_type != ET_EXEC) {
    return bad("an ELF file, but no x86-64 executable with fixed addresses");
  }
  if (header.e_phnum == 0 || header.e_phnum > kMaxProgramHeaders ||
      header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phoff > file.size() ||
      header.e_phnum * sizeof(Elf64_Phdr) > file.size() - header.e_phoff) {
    return bad(std::to_string(header.e_phnum) + " program headers at " +
               std::to_string(header.e_phoff) + " in a file of " + std::to_string(file.size()) +
               " bytes");
  }
  return header;
}

Result<> check_segment(std::span<const std::byte> file, const Elf64_Phdr& segment) {
  if (segment.p_filesz > segment.p_memsz || segment.p_offset > file.size() ||
      segment.p_filesz > file.size() - segment.p_offset) {
    return bad("a segment of " + std::to_string(segment.p_filesz) + " bytes at " +
               std::to_string(segment.p_offset) + " in a file of " + std::to_string(file.size()) +
               ", " + std::to_string(segment.p_memsz) + " bytes in memory");
  }
  if (segment.p_paddr > kHoleStart || segment.p_memsz > kHoleStart - segment.p_paddr) {
    return bad("a segment of " + std::to_string(segment.p_memsz) + " bytes at physical address " +
               std::to_string(segment.p_paddr) + ", where no kernel lies");
  }
  return {};
}

} // namespace

bool is_elf_file(std::span<const std::byte> file) noexcept {
  return file.size() >= SELFMAG && std::memcmp(file.data(), ELFMAG, SELFMAG) == 0;
}

Result<KernelImage> parse_vmlinux(std::span<const std::byte> file) {
  const Elf64_Ehdr header = TRY(read_header(file));
  KernelImage image;
  image.format = KernelFormat::kVmlinux;
  image.header = plain_header();
  image.entry = header.e_entry;
  image.initrd_end_max = kUsualInitrdEndMax;
  image.command_line_max = kCommandLineMax;
  Gpa start = std::numeric_limits<Gpa>::max();
  Gpa end = 0;
  bool entry_is_loaded = false;
  for (std::uint16_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    std::memcpy(&segment, file.data() + header.e_phoff + i * sizeof segment, sizeof segment);
    if (segment.p_type != PT_LOAD || segment.p_memsz == 0) {
      continue;
    }
    TRY(check_segment(file, segment));
    image.segments.push_back(
        {.address = segment.p_paddr, .bytes = file.subspan(segment.p_offset, segment.p_filesz)});
    start = std::min(start, segment.p_paddr);
    end = std::max(end, segment.p_paddr + segment.p_memsz);
    entry_is_loaded = entry_is_loaded || (image.entry >= segment.p_paddr &&
                                          image.entry - segment.p_paddr < segment.p_filesz);
  }
  if (!entry_is_loaded) {
    return bad("the entry point " + std::to_string(image.entry) +
               " is in none of the segments, by their physical addresses");
  }
  image.load_address = start;
  image.init_size = end - start;
  return image;
}

} // namespace schedrig::kvm

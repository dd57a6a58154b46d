// SPDX-License-Identifier: MIT
// Implementation: two names from .dynsym, then the bytes of x86-64 instructions.
#include "host/lab/event_injection.hpp"

#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>

#include <elf.h>
#include <unistd.h>

namespace schedrig::lab {
namespace {

namespace fs = std::filesystem;

template <class T> bool read_at(std::string_view file, std::uint64_t offset, T& value) {
  if (offset > file.size() || sizeof(T) > file.size() - offset) {
    return false;
  }
  std::memcpy(&value, file.data() + offset, sizeof(T));
  return true;
}

bool read_header(std::string_view file, Elf64_Ehdr& header) {
  return read_at(file, 0, header) && std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
         header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_machine == EM_X86_64;
}

std::optional<Elf64_Shdr> dynamic_symbols(std::string_view file, const Elf64_Ehdr& header) {
  for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr section{};
    if (!read_at(file, header.e_shoff + i * sizeof section, section)) {
      return std::nullopt;
    }
    if (section.sh_type == SHT_DYNSYM) {
      return section;
    }
  }
  return std::nullopt;
}

bool is_named(std::string_view file, const Elf64_Shdr& names, const Elf64_Sym& symbol,
              std::string_view name) {
  if (names.sh_offset > file.size() || symbol.st_name > file.size() - names.sh_offset) {
    return false;
  }
  const std::string_view rest = file.substr(names.sh_offset + symbol.st_name);
  return rest.size() > name.size() && rest.starts_with(name) && rest[name.size()] == '\0';
}

std::optional<Elf64_Sym> exported_function(std::string_view file, const Elf64_Ehdr& header,
                                           std::string_view name) {
  const auto table = dynamic_symbols(file, header);
  Elf64_Shdr names{};
  if (!table ||
      !read_at(file, header.e_shoff + std::uint64_t{table->sh_link} * sizeof names, names)) {
    return std::nullopt;
  }
  for (std::uint64_t i = 0; i < table->sh_size / sizeof(Elf64_Sym); ++i) {
    Elf64_Sym symbol{};
    if (!read_at(file, table->sh_offset + i * sizeof symbol, symbol)) {
      return std::nullopt;
    }
    if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && is_named(file, names, symbol, name)) {
      return symbol;
    }
  }
  return std::nullopt;
}

// Where in the file the code at `address` lies.
std::optional<std::uint64_t> file_offset(std::string_view file, const Elf64_Ehdr& header,
                                         std::uint64_t address, std::uint64_t size) {
  for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    if (!read_at(file, header.e_phoff + i * sizeof segment, segment)) {
      return std::nullopt;
    }
    if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
        address - segment.p_vaddr < segment.p_filesz &&
        size <= segment.p_filesz - (address - segment.p_vaddr)) {
      const std::uint64_t offset = segment.p_offset + (address - segment.p_vaddr);
      return offset <= file.size() && size <= file.size() - offset ? std::optional(offset)
                                                                   : std::nullopt;
    }
  }
  return std::nullopt;
}

constexpr std::size_t kCallSize = 5;
constexpr std::size_t kStoreSize = 6; // without its prefix

// `call target` at `at`, an offset into the code that is loaded at `base`.
bool is_call(std::string_view code, std::size_t at, std::uint64_t base, std::uint64_t target) {
  std::int32_t distance = 0;
  return code[at] == '\xe8' && read_at(code, at + 1, distance) &&
         base + at + kCallSize + static_cast<std::uint64_t>(std::int64_t{distance}) == target;
}

// `mov %r32, disp32(base)` with a negative displacement: QEMU keeps the generic CPUState, where
// the pending exception is, in front of the x86 state that helpers get a pointer to.
bool is_store_into_cpu_state(std::string_view code, std::size_t at) {
  std::int32_t displacement = 0;
  if (code[at] != '\x89' || !read_at(code, at + 2, displacement)) {
    return false;
  }
  const auto modrm = static_cast<unsigned char>(code[at + 1]);
  const bool disp32 = (modrm >> 6U) == 2;
  const bool plain_base = (modrm & 7U) != 4; // 4: a SIB byte follows
  constexpr std::int32_t kFarthest = -(1 << 16);
  return disp32 && plain_base && displacement < 0 && displacement > kFarthest;
}

// The only one in the stretch before the call that sets up the injection.
std::optional<std::size_t> find_store(std::string_view code, std::size_t call) {
  constexpr std::size_t kStretch = 80; // bytes: four stores and a test in QEMU 10 and 11
  std::optional<std::size_t> found;
  for (std::size_t at = call > kStretch ? call - kStretch : 0; at + kStoreSize <= call; ++at) {
    if (is_store_into_cpu_state(code, at)) {
      if (found) {
        return std::nullopt;
      }
      found = at;
    }
  }
  return found;
}

Result<std::string> read_whole(const fs::path& path) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  std::string bytes(error ? 0 : size, '\0');
  std::ifstream file(path, std::ios::binary);
  if (error || !file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    return fail(StatusCode::kOs, "cannot read " + path.string());
  }
  return bytes;
}

} // namespace

bool correct_event_injection(std::string& elf) {
  Elf64_Ehdr header{};
  if (!read_header(elf, header)) {
    return false;
  }
  const auto vmrun = exported_function(elf, header, "helper_vmrun");
  const auto deliver = exported_function(elf, header, "do_interrupt_x86_hardirq");
  if (!vmrun || !deliver) {
    return false;
  }
  const auto offset = file_offset(elf, header, vmrun->st_value, vmrun->st_size);
  if (!offset) {
    return false;
  }
  const std::string_view code = std::string_view(elf).substr(*offset, vmrun->st_size);
  std::optional<std::size_t> call;
  for (std::size_t at = 0; at + kCallSize <= code.size(); ++at) {
    if (is_call(code, at, vmrun->st_value, deliver->st_value)) {
      if (call) {
        return false;
      }
      call = at;
    }
  }
  const auto store = call ? find_store(code, *call) : std::nullopt;
  if (!store) {
    return false;
  }
  // A prefix for the registers R8 to R15 in front of it is fine in front of the nop as well.
  constexpr std::string_view kNop("\x66\x0f\x1f\x44\x00\x00", kStoreSize);
  elf.replace(*offset + *store, kStoreSize, kNop);
  return true;
}

Result<fs::path> corrected_copy(const fs::path& binary) {
  fs::path copy = binary;
  copy += ".corrected";
  std::error_code error;
  if (fs::is_regular_file(copy, error)) {
    return copy;
  }
  std::string elf = TRY(read_whole(binary));
  if (!correct_event_injection(elf)) {
    return fail(StatusCode::kUnsupported, "the code of " + binary.string() + " is not recognised");
  }
  // Whole or not there: another process may look for it at the same time.
  fs::path incoming = copy;
  incoming += "." + std::to_string(::getpid());
  std::ofstream out(incoming, std::ios::binary | std::ios::trunc);
  out.write(elf.data(), static_cast<std::streamsize>(elf.size()));
  out.close();
  if (out) {
    fs::permissions(incoming, fs::status(binary, error).permissions(), error);
    fs::rename(incoming, copy, error);
  }
  if (!out || error) {
    std::error_code ignored;
    fs::remove(incoming, ignored);
    return fail(StatusCode::kOs, "cannot write " + copy.string());
  }
  return copy;
}

} // namespace schedrig::lab

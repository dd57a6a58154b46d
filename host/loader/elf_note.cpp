// SPDX-License-Identifier: MIT
// Reading the note: our own look at the ELF header first, so that libelf never sees a file whose
// tables it would have to allocate without bound; then libelf for sections and names.
#include "host/loader/elf_note.hpp"

#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <elf.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/process/unique_fd.hpp"

namespace schedrig::loader {
namespace {

// The record is 72 bytes; a later minor may append fields.
constexpr std::uint64_t kMaxNoteSectionBytes = 4096;
// Names of sections; gigantic debug builds stay below a few KiB.
constexpr std::uint64_t kMaxSectionNamesBytes = std::uint64_t{1} << 20;

struct ElfEnd {
  void operator()(Elf* elf) const noexcept { elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, ElfEnd>;

std::unexpected<Error> bad(const std::filesystem::path& path, std::string observed,
                           std::string help = {}) {
  return fail(StatusCode::kBadData, path.string() + ": " + std::move(observed), std::move(help));
}

std::unexpected<Error> libelf_failed(const std::filesystem::path& path, std::string_view what) {
  const char* text = elf_errmsg(-1);
  return bad(path, std::string(what) + ": " + (text != nullptr ? text : "unknown libelf error"));
}

std::unexpected<Error> os_failed(const std::filesystem::path& path, std::string_view what) {
  const int os_errno = errno;
  auto error = fail_errno(os_errno, std::string(what) + " " + path.string());
  if (os_errno == ENOENT || os_errno == ENOTDIR) {
    error.error().code = StatusCode::kNotFound;
  }
  return error;
}

Result<Elf64_Ehdr> read_header(const std::filesystem::path& path, int fd) {
  Elf64_Ehdr header{};
  const ssize_t n = ::pread(fd, &header, sizeof(header), 0);
  if (n < 0) {
    return os_failed(path, "read");
  }
  if (n < SELFMAG || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return bad(path, "not an ELF file");
  }
  if (n < ssize_t{sizeof(header)}) {
    return bad(path, "truncated: " + std::to_string(n) + " bytes are no ELF header");
  }
  return header;
}

Result<> check_header(const std::filesystem::path& path, const Elf64_Ehdr& header) {
  const auto unsupported = [&](const std::string& observed) {
    return fail(StatusCode::kUnsupported, path.string() + ": " + observed,
                "a plugin is a 64-bit x86-64 shared object");
  };
  if (header.e_ident[EI_CLASS] != ELFCLASS64) {
    return unsupported("not a 64-bit ELF file");
  }
  if (header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != EM_X86_64) {
    return unsupported("built for another machine (ELF e_machine " +
                       std::to_string(header.e_machine) + ", here " + std::to_string(EM_X86_64) +
                       ")");
  }
  if (header.e_type != ET_DYN) {
    return unsupported("not a shared object (ELF e_type " + std::to_string(header.e_type) + ")");
  }
  // e_shnum 0 means none, or more than 65279 in section 0's sh_size: no plugin has either, and the
  // latter would let a file choose how much libelf allocates.
  if (header.e_shoff == 0 || header.e_shnum == 0) {
    return bad(path, "no section headers", "do not strip section headers (sstrip) from plugins");
  }
  if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shstrndx >= header.e_shnum) {
    return bad(path, "malformed ELF header");
  }
  return {};
}

// The section's bytes, bounded by what the section may hold.
Result<std::span<const std::byte>> section_bytes(const std::filesystem::path& path,
                                                 Elf_Scn* section, const GElf_Shdr& header,
                                                 std::uint64_t max_bytes) {
  if (header.sh_size > max_bytes) {
    return bad(path, "malformed: a section of " + std::to_string(header.sh_size) +
                         " bytes, at most " + std::to_string(max_bytes) + " make sense");
  }
  const Elf_Data* data = elf_rawdata(section, nullptr);
  if (data == nullptr) {
    return libelf_failed(path, "read a section");
  }
  if (header.sh_size > 0 && (data->d_buf == nullptr || data->d_size < header.sh_size)) {
    return bad(path, "truncated: a section has no data");
  }
  return std::span(static_cast<const std::byte*>(data->d_buf),
                   static_cast<std::size_t>(header.sh_size));
}

// One note record: Elf64_Nhdr, then name and descriptor, each padded to 4 bytes (elf(5)).
Result<AbiNote> parse_note(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  const std::string help = "emit the note with SCHEDRIG_PLUGIN from <schedrig/export.hpp>";
  constexpr std::size_t prefix = offsetof(AbiNoteRecord, note);
  if (bytes.size() < prefix + sizeof(AbiNote)) {
    return bad(path, "malformed note: " + std::to_string(bytes.size()) + " bytes", help);
  }
  AbiNoteRecord record{};
  std::memcpy(&record, bytes.data(), sizeof(record));
  if (record.name_bytes != sizeof(kNoteOwner) || record.type != kNoteType ||
      std::memcmp(record.name, kNoteOwner, sizeof(kNoteOwner)) != 0) {
    return bad(path, "malformed note: another owner or type", help);
  }
  // A later minor may have appended fields; a record with fewer has never been released.
  if (record.desc_bytes > bytes.size() - prefix || record.note.size > record.desc_bytes ||
      record.note.size < sizeof(AbiNote)) {
    return bad(path, "malformed note: " + std::to_string(record.note.size) + " bytes of facts",
               help);
  }
  return record.note;
}

// The only section of that name: with two, which one counts would be the linker's choice.
Result<AbiNote> find_note(const std::filesystem::path& path, Elf* elf, std::size_t names_index) {
  Elf_Scn* names = elf_getscn(elf, names_index);
  GElf_Shdr names_header;
  if (names == nullptr || gelf_getshdr(names, &names_header) == nullptr) {
    return libelf_failed(path, "read the section names");
  }
  const std::span<const std::byte> text =
      TRY(section_bytes(path, names, names_header, kMaxSectionNamesBytes));
  std::optional<AbiNote> found;
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf, section)) != nullptr) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) {
      return libelf_failed(path, "read a section header");
    }
    // The name with its zero: a name cut by the table's end is another name.
    if (header.sh_name >= text.size() || text.size() - header.sh_name < sizeof(kNoteSection) ||
        std::memcmp(text.data() + header.sh_name, kNoteSection, sizeof(kNoteSection)) != 0) {
      continue;
    }
    if (header.sh_type == SHT_NOBITS) {
      return bad(path, "malformed note: the section has no bytes in the file");
    }
    if (found) {
      return bad(path, "more than one section " + std::string(kNoteSection),
                 "use SCHEDRIG_PLUGIN once per plugin");
    }
    const std::span<const std::byte> bytes =
        TRY(section_bytes(path, section, header, kMaxNoteSectionBytes));
    found = TRY(parse_note(path, bytes));
  }
  if (!found) {
    return bad(path, "not a schedrig plugin: no section " + std::string(kNoteSection),
               "emit the note with SCHEDRIG_PLUGIN from <schedrig/export.hpp>; other libraries "
               "belong in another directory");
  }
  return *found;
}

} // namespace

Result<PluginFile> read_plugin_file(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid()) {
    return os_failed(path, "open");
  }
  struct stat st{};
  if (::fstat(fd.get(), &st) != 0) {
    return os_failed(path, "stat");
  }
  if (!S_ISREG(st.st_mode)) {
    return bad(path, "not a regular file");
  }
  if (st.st_size > kMaxPluginFileBytes) {
    return bad(path, "file of " + std::to_string(st.st_size) + " bytes, at most " +
                         std::to_string(kMaxPluginFileBytes) + " make sense for a plugin");
  }
  const Elf64_Ehdr header = TRY(read_header(path, fd.get()));
  TRY(check_header(path, header));

  if (elf_version(EV_CURRENT) == EV_NONE) {
    return libelf_failed(path, "start libelf");
  }
  // ELF_C_READ, not MMAP: a file that shrinks meanwhile must be a short read, not a SIGBUS.
  const ElfHandle elf(elf_begin(fd.get(), ELF_C_READ, nullptr));
  if (elf == nullptr) {
    return libelf_failed(path, "read ELF tables");
  }
  PluginFile file;
  file.identity = {.device = st.st_dev, .inode = st.st_ino};
  file.note = TRY(find_note(path, elf.get(), header.e_shstrndx));
  return file;
}

Result<FileIdentity> file_identity(const std::filesystem::path& path) {
  struct stat st{};
  if (::stat(path.c_str(), &st) != 0) {
    return os_failed(path, "stat");
  }
  return FileIdentity{.device = st.st_dev, .inode = st.st_ino};
}

} // namespace schedrig::loader

// SPDX-License-Identifier: MIT
// The ELF note with a plugin's ABI facts, read by the host before dlopen so that an incompatible
// or foreign file never runs code (format: elf(5) "Notes"; owner name "schedrig", type 1).
//
// All fields are 4 bytes, little-endian, so that the section needs no more than the 4-byte
// alignment of SHT_NOTE. Append only; `size` tells how many fields a file carries.
#pragma once

#include <cstdint>

#include <schedrig/abi_hash.hpp>

namespace schedrig {

// Major: files of another major are refused. Minor: files of a newer minor than the host's are.
inline constexpr std::uint32_t kAbiMajor = 1;
inline constexpr std::uint32_t kAbiMinor = 1;

inline constexpr char kNoteSection[] = ".note.schedrig";
inline constexpr char kNoteOwner[] = "schedrig"; // 9 bytes with its zero, padded to 12
inline constexpr std::uint32_t kNoteType = 1;

enum class CompilerFamily : std::uint32_t { kUnknown = 0, kGcc = 1, kClang = 2 };

// Bits of AbiNote::sanitizers.
inline constexpr std::uint32_t kSanitizeAddress = 1;
inline constexpr std::uint32_t kSanitizeThread = 2;

struct AbiNote {
  std::uint32_t size;      // bytes of this struct
  std::uint32_t kind;      // PluginKind
  std::uint32_t abi_major; // kAbiMajor of the SDK it was built with
  std::uint32_t abi_minor;
  std::uint32_t abi_hash_low; // hash over the SDK's boundary headers
  std::uint32_t abi_hash_high;
  std::uint32_t compiler; // CompilerFamily
  std::uint32_t compiler_major;
  std::uint32_t compiler_minor;
  std::uint32_t cxx11_abi;       // _GLIBCXX_USE_CXX11_ABI
  std::uint32_t libstdcxx_debug; // 1 with _GLIBCXX_DEBUG: containers have another layout
  std::uint32_t sanitizers;      // kSanitize...
};
static_assert(sizeof(AbiNote) == 48);

#if defined(__clang__)
inline constexpr CompilerFamily kThisCompiler = CompilerFamily::kClang;
inline constexpr std::uint32_t kThisCompilerMajor = __clang_major__;
inline constexpr std::uint32_t kThisCompilerMinor = __clang_minor__;
#elif defined(__GNUC__)
inline constexpr CompilerFamily kThisCompiler = CompilerFamily::kGcc;
inline constexpr std::uint32_t kThisCompilerMajor = __GNUC__;
inline constexpr std::uint32_t kThisCompilerMinor = __GNUC_MINOR__;
#else
#error "schedrig plugins are built with gcc or clang"
#endif

#if defined(__SANITIZE_ADDRESS__)
inline constexpr std::uint32_t kThisSanitizeAddress = kSanitizeAddress;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr std::uint32_t kThisSanitizeAddress = kSanitizeAddress;
#else
inline constexpr std::uint32_t kThisSanitizeAddress = 0;
#endif
#else
inline constexpr std::uint32_t kThisSanitizeAddress = 0;
#endif

#if defined(__SANITIZE_THREAD__)
inline constexpr std::uint32_t kThisSanitizeThread = kSanitizeThread;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr std::uint32_t kThisSanitizeThread = kSanitizeThread;
#else
inline constexpr std::uint32_t kThisSanitizeThread = 0;
#endif
#else
inline constexpr std::uint32_t kThisSanitizeThread = 0;
#endif

#if defined(_GLIBCXX_USE_CXX11_ABI)
inline constexpr std::uint32_t kThisCxx11Abi = _GLIBCXX_USE_CXX11_ABI;
#else
inline constexpr std::uint32_t kThisCxx11Abi = 1; // libstdc++'s default since GCC 5
#endif

#if defined(_GLIBCXX_DEBUG)
inline constexpr std::uint32_t kThisLibstdcxxDebug = 1;
#else
inline constexpr std::uint32_t kThisLibstdcxxDebug = 0;
#endif

// The note as this translation unit would carry it.
[[nodiscard]] constexpr AbiNote make_abi_note(std::uint32_t kind) noexcept {
  return {.size = sizeof(AbiNote),
          .kind = kind,
          .abi_major = kAbiMajor,
          .abi_minor = kAbiMinor,
          .abi_hash_low = static_cast<std::uint32_t>(kAbiHash),
          .abi_hash_high = static_cast<std::uint32_t>(kAbiHash >> 32U),
          .compiler = static_cast<std::uint32_t>(kThisCompiler),
          .compiler_major = kThisCompilerMajor,
          .compiler_minor = kThisCompilerMinor,
          .cxx11_abi = kThisCxx11Abi,
          .libstdcxx_debug = kThisLibstdcxxDebug,
          .sanitizers = kThisSanitizeAddress | kThisSanitizeThread};
}

// The whole note record: Elf64_Nhdr, the padded owner name, the facts.
struct AbiNoteRecord {
  std::uint32_t name_bytes;
  std::uint32_t desc_bytes;
  std::uint32_t type;
  char name[12];
  AbiNote note;
};

[[nodiscard]] constexpr AbiNoteRecord make_abi_note_record(std::uint32_t kind) noexcept {
  return {.name_bytes = sizeof(kNoteOwner),
          .desc_bytes = sizeof(AbiNote),
          .type = kNoteType,
          .name = "schedrig",
          .note = make_abi_note(kind)};
}

} // namespace schedrig

// SPDX-License-Identifier: MIT
#include "backend/linker_cache.hpp"

#include <algorithm>
#include <cstring>

namespace schedrig::kvm {
namespace {

constexpr std::size_t kMaxNameBytes = 4096;

constexpr std::string_view kMagic = "glibc-ld.so.cache1.1";
constexpr std::uint32_t k64BitLibrary = 0x0303; // FLAG_X8664_LIB64 | FLAG_ELF_LIBC6

struct CacheHeader {
  char magic[20];
  std::uint32_t libraries;
  std::uint32_t string_bytes;
  std::uint32_t flags_and_padding;
  std::uint32_t extensions_at;
  std::uint32_t unused[3];
};
static_assert(sizeof(CacheHeader) == 48);

struct CacheEntry {
  std::uint32_t flags;
  std::uint32_t name_at; // from the file's beginning, as path_at
  std::uint32_t path_at;
  std::uint32_t os_version;
  std::uint64_t cpu_features; // not 0: only for CPUs that have them
};
static_assert(sizeof(CacheEntry) == 24);

std::unexpected<Error> damaged(const std::string& what) {
  return fail(StatusCode::kBadData, "the dynamic linker's cache is damaged: " + what,
              "let ldconfig(8) write it anew");
}

std::optional<std::string> string_at(ByteView file, std::uint32_t at) {
  if (at >= file.size()) {
    return std::nullopt;
  }
  const ByteView rest = file.subspan(at, std::min(file.size() - at, kMaxNameBytes));
  const auto end = std::ranges::find(rest, std::byte{0});
  if (end == rest.end()) {
    return std::nullopt;
  }
  return std::string(reinterpret_cast<const char*>(rest.data()),
                     static_cast<std::size_t>(end - rest.begin()));
}

} // namespace

Result<LinkerCache> LinkerCache::parse(ByteView file) {
  LinkerCache cache;
  CacheHeader header{};
  if (file.size() < sizeof header || std::memcmp(file.data(), kMagic.data(), kMagic.size()) != 0) {
    return cache;
  }
  std::memcpy(&header, file.data(), sizeof header);
  if (header.libraries > (file.size() - sizeof header) / sizeof(CacheEntry)) {
    return damaged(std::to_string(header.libraries) + " libraries in " +
                   std::to_string(file.size()) + " bytes");
  }
  for (std::uint32_t i = 0; i < header.libraries; ++i) {
    CacheEntry entry{};
    std::memcpy(&entry, file.data() + sizeof header + i * sizeof entry, sizeof entry);
    if (entry.flags != k64BitLibrary || entry.cpu_features != 0) {
      continue;
    }
    auto name = string_at(file, entry.name_at);
    auto path = string_at(file, entry.path_at);
    if (!name || !path || !path->starts_with('/')) {
      return damaged("library " + std::to_string(i) + " has no name or no absolute path");
    }
    cache.paths_.try_emplace(*std::move(name), *std::move(path)); // the first counts
  }
  return cache;
}

std::optional<std::string> LinkerCache::find(std::string_view library) const {
  const auto found = paths_.find(library);
  return found == paths_.end() ? std::nullopt : std::optional(found->second);
}

} // namespace schedrig::kvm

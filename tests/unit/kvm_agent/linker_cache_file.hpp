// SPDX-License-Identifier: MIT
// Writes a dynamic linker's cache as ldconfig(8) does (glibc 2.36, sysdeps/generic/dl-cache.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "channel/messages.hpp"

namespace schedrig::kvm::test {

struct CachedLibrary {
  std::string name;
  std::string path;
  std::uint32_t flags = 0x0303; // x86-64
  std::uint64_t cpu_features = 0;
};

inline Bytes linker_cache_file(const std::vector<CachedLibrary>& libraries) {
  std::string file = "glibc-ld.so.cache1.1";
  std::string strings;
  const auto put = [&](auto value) {
    file.append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  put(static_cast<std::uint32_t>(libraries.size()));
  file.append(24, '\0'); // sizes and flags that nobody needs
  const std::size_t strings_at = file.size() + 24 * libraries.size();
  const auto put_string = [&](const std::string& text) {
    put(static_cast<std::uint32_t>(strings_at + strings.size()));
    strings += text + '\0';
  };
  for (const CachedLibrary& library : libraries) {
    put(library.flags);
    put_string(library.name);
    put_string(library.path);
    put(std::uint32_t{0});
    put(library.cpu_features);
  }
  file += strings;
  const auto bytes = std::as_bytes(std::span(file));
  return {bytes.begin(), bytes.end()};
}

} // namespace schedrig::kvm::test

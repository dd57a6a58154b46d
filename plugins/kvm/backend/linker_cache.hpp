// SPDX-License-Identifier: MIT
// LinkerCache: what ldconfig(8) wrote for the dynamic linker: where each library of the host lies,
// those of /etc/ld.so.conf's directories among them. Everything is checked against the file's end.
//
// Format: glibc 2.36, sysdeps/generic/dl-cache.h ("glibc-ld.so.cache1.1", the only one that
// ldconfig writes since 2.32). Ownership: its own copies. Thread: any.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <schedrig/result.hpp>

#include "channel/messages.hpp"

namespace schedrig::kvm {

class LinkerCache {
 public:
  // kBadData: damaged. A file of another format names nothing.
  [[nodiscard]] static Result<LinkerCache> parse(ByteView file);
  // The absolute path of an x86-64 library that runs on every x86-64 CPU.
  [[nodiscard]] std::optional<std::string> find(std::string_view library) const;
  [[nodiscard]] std::size_t size() const noexcept { return paths_.size(); }

 private:
  std::map<std::string, std::string, std::less<>> paths_;
};

} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
#include "tests/layering/layers.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

namespace schedrig::layering {

namespace fs = std::filesystem;

namespace {

// A library, by how its headers' names begin, and the one place that may include it. libbpf has
// three, as three programs of which none can be linked with another use it: the host, the loader in
// the guest, and what runs in the guest's kernel.
struct Library {
  std::string_view header;
  std::string_view place;
};
constexpr std::array kLibraries = {
    Library{"CLI/", "host/cli/"},
    Library{"boost/", "host/loader/library.cpp"},
    Library{"bpf/", "host/kernel/"},
    Library{"bpf/", "plugins/kvm/scx_loader/"},
    Library{"bpf/", "plugins/schedulers/bpf/"},
    Library{"fmt/", "host/log/"},
    Library{"gelf.h", "host/loader/elf_note.cpp"},
    Library{"gmock/", "tests/"},
    Library{"gtest/", "tests/"},
    Library{"libelf.h", "host/loader/elf_note.cpp"},
    Library{"liburing.h", "tests/bench/"},
    Library{"lzma.h", "host/kernel/"},
    Library{"nlohmann/", "host/json/"},
    Library{"pugixml.hpp", "host/report/"},
    Library{"spdlog/", "host/log/"},
    Library{"toml++/", "host/config/"},
    Library{"zlib.h", "host/kernel/"},
    Library{"zstd.h", "host/kernel/"},
};

// The C library's headers outside of sys/, which everybody may include, with those of the kernel.
constexpr std::array<std::string_view, 24> kSystemHeaders = {
    "cpuid.h",  "dirent.h",  "dlfcn.h",   "elf.h",       "endian.h", "fcntl.h",
    "ftw.h",    "getopt.h",  "glob.h",    "immintrin.h", "link.h",   "netdb.h",
    "poll.h",   "pthread.h", "pty.h",     "pwd.h",       "sched.h",  "semaphore.h",
    "signal.h", "spawn.h",   "termios.h", "ucontext.h",  "unistd.h", "x86intrin.h"};
// The C standard library's, for files in C; C++ has its own names for them.
constexpr std::array<std::string_view, 9> kStandardHeadersOfC = {
    "assert.h", "errno.h",  "stdalign.h", "stddef.h", "stdint.h",
    "stdio.h",  "stdlib.h", "string.h",   "time.h"};
constexpr std::array<std::string_view, 7> kSystemFolders = {
    "arpa/", "asm-generic/", "asm/", "linux/", "net/", "netinet/", "sys/"};

// The unit of layering that a path belongs to, with a slash at its end: "sdk/", "host/",
// "plugins/kvm/", "plugins/schedulers/fifo/", "examples/local/", "tests/"; empty for anything else.
std::string unit_of(const fs::path& path) {
  std::vector<std::string> parts;
  for (const fs::path& part : path) {
    parts.push_back(part.string());
  }
  if (parts.size() < 2) {
    return {};
  }
  if (parts[0] != "plugins" && parts[0] != "examples") {
    return parts[0] + "/";
  }
  const bool scheduler = parts[1] == "schedulers" && parts.size() > 3;
  return parts[0] + "/" + parts[1] + "/" + (scheduler ? parts[2] + "/" : "");
}

bool may_include(const std::string& from, const std::string& to) {
  constexpr std::string_view kForBpfPrograms = "plugins/schedulers/bpf/";
  return from == to || (from != "sdk/" && to == "sdk/") ||
         (to == kForBpfPrograms && from.starts_with("plugins/schedulers/"));
}

// The file a quoted include means, relative to root: beside the includer, or from one of the
// folders above it, which is all that include paths ever hold. Empty when there is none.
fs::path resolve(const fs::path& root, const fs::path& includer, const std::string& name) {
  fs::path folder = includer.parent_path();
  while (true) {
    fs::path candidate = (folder / name).lexically_normal();
    std::error_code ignored;
    if (fs::is_regular_file(root / candidate, ignored)) {
      return candidate;
    }
    if (folder.empty()) {
      return {};
    }
    folder = folder.parent_path();
  }
}

bool is_standard(const fs::path& file, std::string_view name) {
  if (file.extension() == ".h" || file.extension() == ".c") {
    return std::ranges::find(kStandardHeadersOfC, name) != kStandardHeadersOfC.end();
  }
  return name.find_first_of("/.") == std::string_view::npos; // <vector>
}

bool is_system(std::string_view name) {
  return std::ranges::find(kSystemHeaders, name) != kSystemHeaders.end() ||
         std::ranges::any_of(kSystemFolders,
                             [&](std::string_view folder) { return name.starts_with(folder); });
}

// What is wrong with the include; empty when nothing is.
std::string fault_of(const fs::path& root, const fs::path& file, const Include& include) {
  const std::string from = unit_of(file);
  std::string places;
  for (const Library& library : kLibraries) {
    if (include.name.starts_with(library.header)) {
      if (file.string().starts_with(library.place)) {
        return "";
      }
      places += (places.empty() ? "" : ", ") + std::string(library.place);
    }
  }
  if (!places.empty()) {
    return "is for " + places + " only";
  }
  if (include.name.starts_with("schedrig/")) {
    return include.quoted ? "the SDK is included with <>" : "";
  }
  if (!include.quoted) {
    return is_standard(file, include.name) || is_system(include.name)
               ? ""
               : "is no known header: add its library to the table in tests/layering/layers.cpp";
  }
  if (from == "tests/") {
    return ""; // anything, by the include paths of what it links
  }
  const fs::path target = resolve(root, file, include.name);
  if (target.empty()) {
    return "names no file of the tree";
  }
  const std::string to = unit_of(target);
  return may_include(from, to) ? "" : from + " must not include " + to;
}

bool is_source(const fs::path& path) {
  constexpr std::array<std::string_view, 5> extensions = {".hpp", ".cpp", ".h", ".c", ".S"};
  return std::ranges::find(extensions, path.extension().string()) != extensions.end();
}

std::string read_text(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

} // namespace

std::vector<Include> includes_of(std::string_view text) {
  std::vector<Include> includes;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    std::string_view rest = line;
    const auto skip = [&](std::string_view what) {
      const std::size_t at = rest.find_first_not_of(" \t");
      rest.remove_prefix(at == std::string_view::npos ? rest.size() : at);
      const bool there = rest.starts_with(what);
      rest.remove_prefix(there ? what.size() : 0);
      return there;
    };
    if (!skip("#") || !skip("include") || !skip("")) {
      continue;
    }
    const bool quoted = rest.starts_with('"');
    if (!quoted && !rest.starts_with('<')) {
      continue; // a macro, or no include at all
    }
    const std::size_t end = rest.find(quoted ? '"' : '>', 1);
    includes.push_back({number, quoted, std::string(rest.substr(1, end - 1))});
  }
  return includes;
}

Findings check_tree(const fs::path& root) {
  std::vector<fs::path> files;
  for (const char* top : {"sdk", "host", "plugins", "examples", "tests"}) {
    std::error_code missing;
    for (const auto& entry : fs::recursive_directory_iterator(root / top, missing)) {
      if (entry.is_regular_file() && is_source(entry.path())) {
        files.push_back(entry.path().lexically_relative(root));
      }
    }
  }
  std::ranges::sort(files);
  Findings findings;
  findings.files = files.size();
  for (const fs::path& file : files) {
    for (const Include& include : includes_of(read_text(root / file))) {
      if (const std::string fault = fault_of(root, file, include); !fault.empty()) {
        findings.breaches.push_back(file.string() + ":" + std::to_string(include.line) + ": " +
                                    include.name + " " + fault);
      }
    }
  }
  return findings;
}

} // namespace schedrig::layering

// SPDX-License-Identifier: MIT
// Implementation of the module search: an index of file names, then a depth-first walk.
#include "host/kernel/kvm_modules.hpp"

#include <algorithm>
#include <map>
#include <system_error>

#include "host/kernel/decompress.hpp"
#include "host/kernel/elf_sections.hpp"

namespace schedrig::kernel {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxModuleBytes = 64U << 20U; // kvm.ko, the largest here, has 3 MB
constexpr std::size_t kMaxModules = 64;               // kvm-amd needs 2 to 5

using Index = std::map<std::string, fs::path, std::less<>>;

// The kernel treats '-' and '_' in module names as the same.
std::string canonical(std::string name) {
  std::ranges::replace(name, '-', '_');
  return name;
}

Index index_modules(const fs::path& root) {
  Index index;
  std::error_code error;
  for (fs::recursive_directory_iterator at(root / "kernel", error), end; !error && at != end;
       at.increment(error)) {
    const std::string file = at->path().filename().string();
    const std::size_t dot = file.find(".ko");
    if (dot != std::string::npos) {
      index.emplace(canonical(file.substr(0, dot)), at->path());
    }
  }
  return index;
}

Result<> collect(const std::string& name, const Index& index, std::vector<Module>& modules,
                 std::vector<std::string>& visited) {
  if (std::ranges::find(visited, canonical(name)) != visited.end()) {
    return {};
  }
  if (visited.size() >= kMaxModules) {
    return fail(StatusCode::kBadData, "module " + name + " is one of too many dependencies");
  }
  visited.push_back(canonical(name));
  const auto found = index.find(canonical(name));
  if (found == index.end()) {
    return fail(StatusCode::kNotFound, "no module " + name + " in the package");
  }
  const Bytes file = TRY(read_file(found->second, kMaxModuleBytes));
  Bytes image = TRY(decompress(file, kMaxModuleBytes));
  for (const std::string& needed : TRY(module_dependencies(image))) {
    TRY(collect(needed, index, modules, visited));
  }
  modules.push_back({name, std::move(image)});
  return {};
}

} // namespace

Result<std::vector<std::string>> module_dependencies(ByteView module) {
  const ByteView info = TRY(elf_section(module, ".modinfo"));
  std::string_view text(reinterpret_cast<const char*>(info.data()), info.size());
  constexpr std::string_view kKey = "depends=";
  std::vector<std::string> result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    std::string_view entry = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!entry.starts_with(kKey)) {
      continue;
    }
    entry.remove_prefix(kKey.size());
    while (!entry.empty()) {
      const std::size_t comma = std::min(entry.find(','), entry.size());
      if (comma > 0) {
        result.emplace_back(entry.substr(0, comma));
      }
      entry.remove_prefix(std::min(comma + 1, entry.size()));
    }
  }
  return result;
}

Result<std::vector<Module>> collect_kvm_modules(const fs::path& root) {
  const Index index = index_modules(root);
  std::vector<Module> modules;
  std::vector<std::string> visited;
  TRY(collect("kvm-amd", index, modules, visited));
  return modules;
}

} // namespace schedrig::kernel

// SPDX-License-Identifier: MIT
// Implementation of KernelCache.
#include "host/kernel/kernel_cache.hpp"

#include <algorithm>
#include <fstream>
#include <functional>
#include <system_error>
#include <tuple>

#include "host/apt/cache_dir.hpp"
#include "host/kernel/kernel_meta.hpp"
#include "host/kernel/kernel_version.hpp"
#include "host/kernel/kvm_modules.hpp"
#include "host/text/digest.hpp"

namespace schedrig::kernel {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxMetaBytes = 64U << 10U;
constexpr const char* kFetchHelp =
    "fetch one with 'schedrig kernel fetch', or add yours with 'schedrig kernel add PATH'";

std::string digest(ByteView image) {
  return text::digest({reinterpret_cast<const char*>(image.data()), image.size()});
}

Result<> write_bytes(const fs::path& path, ByteView bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) {
    return fail(StatusCode::kOs, "cannot write " + path.string());
  }
  return {};
}

// A directory's name made of a version that came from an image: no '/', no leading dot.
std::string safe_name(const std::string& version) {
  std::string name;
  for (const char c : version) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '+' || c == '-' || c == '_' || (c == '.' && !name.empty());
    name += plain ? c : '_';
  }
  return name;
}

Result<KernelEntry> load_entry(const fs::path& dir) {
  const Bytes text = TRY(read_file(dir / "meta", kMaxMetaBytes));
  KernelMeta meta = TRY(parse_meta({reinterpret_cast<const char*>(text.data()), text.size()}));
  KernelEntry entry;
  entry.id = dir.filename().string();
  entry.dir = dir;
  entry.image = dir / "vmlinuz";
  entry.origin = std::move(meta.origin);
  entry.facts = std::move(meta.facts);
  std::error_code error;
  if (!fs::is_regular_file(entry.image, error)) {
    return fail(StatusCode::kBadData, entry.image.string() + " is missing");
  }
  if (fs::is_regular_file(dir / "config", error)) {
    entry.config = dir / "config";
  }
  for (const fs::directory_entry& file : fs::directory_iterator(dir / "modules", error)) {
    entry.modules.push_back(file.path());
  }
  std::ranges::sort(entry.modules);
  return entry;
}

bool comes_first(const KernelEntry& a, const KernelEntry& b) {
  if (a.facts.version != b.facts.version) {
    return version_less(b.facts.version, a.facts.version);
  }
  return std::tie(a.facts.format, a.id) < std::tie(b.facts.format, b.id);
}

bool fits(const KernelEntry& entry, std::string_view wanted) {
  return entry.id == wanted || has_version_prefix(entry.facts.version, wanted);
}

} // namespace

Result<KernelCache> KernelCache::open() {
  return KernelCache(TRY(apt::cache_root()) / "kernels");
}

std::vector<KernelEntry> KernelCache::list() const {
  std::vector<KernelEntry> entries;
  std::error_code error;
  for (const fs::directory_entry& item : fs::directory_iterator(dir_, error)) {
    if (item.path().filename().string().starts_with('.')) {
      continue;
    }
    if (auto entry = load_entry(item.path())) {
      entries.push_back(std::move(*entry));
    }
  }
  std::ranges::sort(entries, comes_first);
  return entries;
}

Result<KernelEntry> KernelCache::add(const KernelSource& source) const {
  const Bytes image = TRY(read_file(source.image, kMaxImageBytes));
  auto inspected = inspect_kernel(image, source.config);
  if (!inspected) {
    return std::unexpected(std::move(inspected).error().context(source.image.string()));
  }
  const std::string id = safe_name(inspected->version) + "-" + digest(image);
  const auto old = load_entry(dir_ / id);
  if (old && (source.config.empty() || !old->config.empty()) &&
      (source.modules_root.empty() || !old->modules.empty())) {
    return old; // it has all that this brings
  }
  fs::path config = source.config;
  if (old && config.empty()) {
    config = old->config;
    inspected->config = old->facts.config;
  }
  auto staging = TRY(apt::StagingDir::make(dir_));
  TRY(write_bytes(staging.path() / "vmlinuz", image));
  if (!config.empty()) {
    const Bytes text = TRY(read_file(config, kMaxImageBytes));
    TRY(write_bytes(staging.path() / "config", text));
  }
  std::error_code error;
  fs::create_directory(staging.path() / "modules", error);
  if (!source.modules_root.empty()) {
    int position = 10; // two digits: file names then sort in load order
    for (const Module& module : TRY(collect_kvm_modules(source.modules_root))) {
      const std::string name = std::to_string(position++) + "-" + safe_name(module.name) + ".ko";
      TRY(write_bytes(staging.path() / "modules" / name, module.image));
    }
  } else if (old) {
    for (const fs::path& module : old->modules) {
      const Bytes bytes = TRY(read_file(module, kMaxImageBytes));
      TRY(write_bytes(staging.path() / "modules" / module.filename(), bytes));
    }
  }
  const std::string meta = write_meta({source.origin, *inspected});
  TRY(write_bytes(staging.path() / "meta", std::as_bytes(std::span(meta))));
  fs::remove_all(dir_ / id, error); // the poorer entry makes room
  TRY(staging.publish(id));
  return load_entry(dir_ / id);
}

Result<KernelEntry> KernelCache::remove(std::string_view wanted) const {
  std::vector<KernelEntry> fitting = list();
  std::erase_if(fitting, [wanted](const KernelEntry& entry) {
    return wanted.empty() || !fits(entry, wanted);
  });
  // A whole version means itself, not the longer ones that begin with it.
  const auto is_exact = [wanted](const KernelEntry& entry) {
    return entry.facts.version == wanted || entry.id == wanted;
  };
  if (std::ranges::any_of(fitting, is_exact)) {
    std::erase_if(fitting, std::not_fn(is_exact));
  }
  if (fitting.empty()) {
    return fail(StatusCode::kNotFound, "no kernel " + std::string(wanted) + " in " + dir_.string(),
                "`schedrig kernel list` shows what is there");
  }
  if (fitting.size() > 1) {
    std::string ids;
    for (const KernelEntry& entry : fitting) {
      ids += (ids.empty() ? "" : ", ") + entry.id;
    }
    return fail(StatusCode::kInvalidArgument, std::string(wanted) + " fits several kernels: " + ids,
                "name one of them");
  }
  // Renamed first: a machine that starts now finds all of it or nothing.
  const fs::path gone = dir_ / (".removed-" + fitting.front().id);
  std::error_code error;
  fs::remove_all(gone, error);
  fs::rename(fitting.front().dir, gone, error);
  if (error) {
    return fail_errno(error.value(), "cannot remove " + fitting.front().dir.string());
  }
  fs::remove_all(gone, error);
  return fitting.front();
}

Result<KernelEntry> KernelCache::find(std::string_view wanted) const {
  if (wanted.find('/') != std::string_view::npos) {
    KernelEntry entry;
    entry.image = fs::path(wanted);
    entry.origin = entry.image.string();
    const Bytes image = TRY(read_file(entry.image, kMaxImageBytes));
    auto inspected = inspect_kernel(image, {});
    if (!inspected) {
      return std::unexpected(std::move(inspected).error().context(entry.image.string()));
    }
    entry.facts = std::move(*inspected);
    entry.id = entry.facts.version;
    return entry;
  }
  const auto entries = list();
  const KernelEntry* unfit = nullptr;
  for (const KernelEntry& entry : entries) {
    if (!fits(entry, wanted)) {
      continue;
    }
    if (entry.facts.whole()) {
      return entry;
    }
    unfit = unfit == nullptr ? &entry : unfit;
  }
  if (unfit != nullptr && !wanted.empty()) {
    return *unfit; // asked for by name: a kernel without sched_ext is a fair thing to test
  }
  if (unfit != nullptr) {
    return fail(StatusCode::kNotFound,
                "no kernel in " + dir_.string() + " has a whole sched_ext; the newest, " +
                    unfit->facts.version + ": " + sched_ext_line(unfit->facts),
                kFetchHelp);
  }
  return fail(StatusCode::kNotFound,
              wanted.empty() ? "no kernel in " + dir_.string()
                             : "no kernel " + std::string(wanted) + " in " + dir_.string(),
              wanted.empty() ? kFetchHelp
                             : "fetch it with 'schedrig kernel fetch " + std::string(wanted) + "'");
}

Result<KernelEntry> KernelCache::find_lab_host() const {
  auto entries = list();
  std::erase_if(entries, [](const KernelEntry& entry) { return !entry.can_host_lab(); });
  if (entries.empty()) {
    return fail(StatusCode::kNotFound,
                "no kernel in " + dir_.string() + " has the kvm modules that the lab's host loads",
                kFetchHelp);
  }
  const auto whole =
      std::ranges::find_if(entries, [](const KernelEntry& entry) { return entry.facts.whole(); });
  return whole != entries.end() ? *whole : entries.front();
}

} // namespace schedrig::kernel

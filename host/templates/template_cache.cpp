// SPDX-License-Identifier: MIT
#include "host/templates/template_cache.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <system_error>
#include <tuple>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "host/apt/cache_dir.hpp"
#include "host/text/size.hpp"

namespace schedrig::templates {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostMetaBytes = 64U << 10U; // some dozen digests and versions
constexpr std::uint64_t kStatBlock = 512; // st_blocks, whatever the file system's own size is

// Holes of files that are mostly empty take nothing.
std::uint64_t bytes_on_disk(const fs::path& dir) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(dir, error), end; !error && at != end;
       at.increment(error)) {
    struct stat info{};
    if (::lstat(at->path().c_str(), &info) == 0) {
      bytes += static_cast<std::uint64_t>(info.st_blocks) * kStatBlock;
    }
  }
  return bytes;
}

std::optional<TemplateEntry> load_entry(const fs::path& dir) {
  std::ifstream meta(dir / "meta", std::ios::binary);
  struct stat info{};
  if (!meta || ::stat((dir / "meta").c_str(), &info) != 0) {
    return std::nullopt;
  }
  TemplateEntry entry;
  entry.key = dir.filename().string();
  entry.dir = dir;
  entry.bytes = bytes_on_disk(dir);
  entry.last_used_s = info.st_mtim.tv_sec;
  entry.last_used_nanos = info.st_mtim.tv_nsec;
  std::string text(kMostMetaBytes, '\0');
  meta.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(meta.gcount()));
  entry.fields = read_fields(text);
  return entry;
}

// The directory, locked; invalid when another process has it in the other way, or it is gone.
UniqueFd lock_entry(const fs::path& dir, int how) {
  UniqueFd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat locked{};
  struct stat named{};
  const bool ours = fd.valid() && ::flock(fd.get(), how | LOCK_NB) == 0 &&
                    ::fstat(fd.get(), &locked) == 0 && ::stat(dir.c_str(), &named) == 0 &&
                    locked.st_ino == named.st_ino && locked.st_dev == named.st_dev;
  return ours ? std::move(fd) : UniqueFd();
}

Result<> write_text(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  return file ? Result<>() : fail(StatusCode::kOs, "cannot write " + path.string());
}

} // namespace

Result<TemplateCache> TemplateCache::open(std::uint64_t most_bytes) {
  return TemplateCache(TRY(apt::cache_root()) / "templates", most_bytes);
}

std::vector<TemplateEntry> TemplateCache::list() const {
  std::vector<TemplateEntry> entries;
  std::error_code error;
  for (const fs::directory_entry& item : fs::directory_iterator(dir_, error)) {
    if (item.path().filename().string().starts_with('.')) {
      continue;
    }
    if (auto entry = load_entry(item.path())) {
      entries.push_back(*std::move(entry));
    }
  }
  std::ranges::sort(entries, [](const TemplateEntry& a, const TemplateEntry& b) {
    return std::tie(b.last_used_s, b.last_used_nanos, a.key) <
           std::tie(a.last_used_s, a.last_used_nanos, b.key);
  });
  return entries;
}

std::optional<TemplateLease> TemplateCache::find(const Fields& fields) const {
  const std::string key = key_of(fields);
  const fs::path dir = dir_ / key;
  UniqueFd lock = lock_entry(dir, LOCK_SH);
  const auto entry = lock.valid() ? load_entry(dir) : std::nullopt;
  if (!entry || write_fields(entry->fields) != write_fields(fields)) {
    return std::nullopt;
  }
  ::utimensat(AT_FDCWD, (dir / "meta").c_str(), nullptr, 0); // a cache that is read-only stays so
  return TemplateLease(key, dir / "data", std::move(lock));
}

Result<> TemplateCache::add(const Fields& fields, const Write& write) const {
  const std::string key = key_of(fields);
  std::error_code error;
  const UniqueFd writer = TRY(apt::lock_file(dir_ / ".writer", writer_deadline_));
  if (fs::exists(dir_ / key, error)) {
    if (find(fields)) {
      return {};
    }
    TRY(remove_entry({.key = key, .dir = dir_ / key, .fields = {}})); // damaged
  }
  auto staging = TRY(apt::StagingDir::make(dir_));
  if (!fs::create_directory(staging.path() / "data", error)) {
    return fail_errno(error.value(), "cannot make " + (staging.path() / "data").string());
  }
  TRY(write(staging.path() / "data"));
  TRY(write_text(staging.path() / "meta", write_fields(fields)));
  TRY(make_room(bytes_on_disk(staging.path())));
  return staging.publish(key);
}

Result<> TemplateCache::make_room(std::uint64_t bytes) const {
  if (bytes > most_bytes_) {
    return fail(StatusCode::kUnsupported,
                "the template takes " + text::format_size(bytes) + ", the cache may take " +
                    text::format_size(most_bytes_),
                "raise [machine] template_cache");
  }
  auto entries = list();
  std::uint64_t total = bytes;
  for (const TemplateEntry& entry : entries) {
    total += entry.bytes;
  }
  for (; total > most_bytes_ && !entries.empty(); entries.pop_back()) {
    if (remove_entry(entries.back())) {
      total -= entries.back().bytes;
    }
  }
  return total <= most_bytes_ ? Result<>()
                              : fail(StatusCode::kUnsupported,
                                     "the templates in use leave no room: the cache may take " +
                                         text::format_size(most_bytes_),
                                     "raise [machine] template_cache");
}

// Renamed first, to a name that the next writer removes should this process not get to it.
Result<> TemplateCache::remove_entry(const TemplateEntry& entry) const {
  const UniqueFd lock = lock_entry(entry.dir, LOCK_EX);
  if (!lock.valid()) {
    return fail(StatusCode::kAlreadyExists, "template " + entry.key + " is in use",
                "wait for the runs that use it");
  }
  const fs::path gone = dir_ / (".incoming-removed-" + entry.key);
  std::error_code error;
  fs::remove_all(gone, error);
  fs::rename(entry.dir, gone, error);
  if (error) {
    return fail_errno(error.value(), "cannot remove " + entry.dir.string());
  }
  fs::remove_all(gone, error);
  return {};
}

Result<std::string> TemplateCache::remove(std::string_view wanted) const {
  auto entries = list();
  std::erase_if(entries,
                [&](const TemplateEntry& entry) { return !entry.key.starts_with(wanted); });
  if (entries.empty()) {
    return fail(StatusCode::kNotFound,
                "no template " + std::string(wanted) + " in " + dir_.string(),
                "`schedrig template list` shows what is there");
  }
  if (entries.size() > 1) {
    return fail(StatusCode::kInvalidArgument,
                std::to_string(entries.size()) + " templates begin with " + std::string(wanted),
                "write more of the key");
  }
  TRY(remove_entry(entries.front()));
  return entries.front().key;
}

} // namespace schedrig::templates

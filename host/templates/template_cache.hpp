// SPDX-License-Identifier: MIT
// TemplateCache: booted machines that are kept for later runs, one directory each under
// ${XDG_CACHE_HOME:-~/.cache}/schedrig/templates/, shared by all processes of the user.
//
// An entry is named by the digest of its fields and holds `meta` (the fields; its time of change is
// when the entry was used last) and `data/` (the backend's files). It is written whole or not at
// all (apt/cache_dir.hpp) and never changes; who reads it holds it locked, and it is not removed
// meanwhile. One process writes at a time. Knows no backend. Thread: any.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/result.hpp>

#include "host/process/unique_fd.hpp"
#include "host/templates/template_meta.hpp"

namespace schedrig::templates {

struct TemplateEntry {
  std::string key;
  std::filesystem::path dir;
  std::uint64_t bytes = 0;          // that it takes on disk
  std::int64_t last_used_s = 0;     // since 1970
  std::int64_t last_used_nanos = 0; // of that second
  Fields fields;
};

// An entry in use: it stays until this goes.
class TemplateLease {
 public:
  TemplateLease(std::string key, std::filesystem::path data, UniqueFd lock)
      : key_(std::move(key)), data_(std::move(data)), lock_(std::move(lock)) {}

  [[nodiscard]] const std::string& key() const { return key_; }
  [[nodiscard]] const std::filesystem::path& data() const { return data_; }

 private:
  std::string key_;
  std::filesystem::path data_;
  UniqueFd lock_;
};

class TemplateCache {
 public:
  // The user's cache. Errors: kNotFound (no HOME). The directory need not exist yet.
  static Result<TemplateCache> open(std::uint64_t most_bytes);
  // Writing a template of some hundred megabytes to a slow disk takes some seconds; nobody waits
  // for another's longer than for a boot.
  static constexpr std::chrono::seconds kWriterDeadline{10};
  TemplateCache(std::filesystem::path dir, std::uint64_t most_bytes,
                std::chrono::seconds writer_deadline = kWriterDeadline)
      : dir_(std::move(dir)), most_bytes_(most_bytes), writer_deadline_(writer_deadline) {}

  [[nodiscard]] const std::filesystem::path& dir() const { return dir_; }

  // Every whole entry, the one used last first.
  [[nodiscard]] std::vector<TemplateEntry> list() const;

  // The entry with exactly these fields, used as of now.
  [[nodiscard]] std::optional<TemplateLease> find(const Fields& fields) const;

  // `write` fills an empty directory. An entry of that name that is already there stays. Those used
  // longest ago make room, but for those in use. Errors: write's own; kTimeout: another process
  // writes; kUnsupported: it is larger than the cache may be.
  using Write = std::function<Result<>(const std::filesystem::path& data)>;
  [[nodiscard]] Result<> add(const Fields& fields, const Write& write) const;

  // The one whose key begins with `wanted`; returns the key. Errors: kNotFound; kInvalidArgument:
  // several; kAlreadyExists: it is in use.
  [[nodiscard]] Result<std::string> remove(std::string_view wanted) const;

 private:
  [[nodiscard]] Result<> remove_entry(const TemplateEntry& entry) const;
  [[nodiscard]] Result<> make_room(std::uint64_t bytes) const;

  std::filesystem::path dir_;
  std::uint64_t most_bytes_;
  std::chrono::seconds writer_deadline_;
};

} // namespace schedrig::templates

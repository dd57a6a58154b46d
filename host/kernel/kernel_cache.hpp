// SPDX-License-Identifier: MIT
// KernelCache: the kernels schedrig has at hand, one directory each under
// ${XDG_CACHE_HOME:-~/.cache}/schedrig/kernels/.
//
// An entry is named VERSION-HASH by its image's content and holds `vmlinuz`, `config` (where the
// package has one), `modules/*.ko` (what the lab's emulated host loads for /dev/kvm, unpacked,
// in load order by their numbered names) and `meta` (key=value lines, written last).
// Entries are written whole or not at all (apt/cache_dir.hpp) and never change.
// Knows nothing about apt: kernel_fetch does. Thread: any; processes may share the cache.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <schedrig/result.hpp>

#include "host/kernel/kernel_facts.hpp"

namespace schedrig::kernel {

struct KernelEntry {
  std::string id;               // directory's name: "6.18.15+deb13-cloud-amd64-0123456789abcdef"
  std::filesystem::path dir;    // empty for an image that is not in the cache
  std::filesystem::path image;  // a bzImage or a vmlinux
  std::filesystem::path config; // empty: none
  std::vector<std::filesystem::path> modules; // in load order; empty: no /dev/kvm for the lab
  std::string origin; // "trixie-backports 6.18.15-1~bpo13+1" or the path it came from
  KernelFacts facts;

  // QEMU gets a bzImage.
  [[nodiscard]] bool can_host_lab() const {
    return !modules.empty() && facts.format == ImageFormat::kBzImage;
  }
};

// What a new entry is made from. Paths are read, never moved.
struct KernelSource {
  std::filesystem::path image;
  std::filesystem::path config;       // may be empty
  std::filesystem::path modules_root; // directory with kernel/...; may be empty
  std::string origin;
};

class KernelCache {
 public:
  // The user's cache. Errors: kNotFound (no HOME). The directory need not exist yet.
  static Result<KernelCache> open();
  explicit KernelCache(std::filesystem::path dir) : dir_(std::move(dir)) {}

  [[nodiscard]] const std::filesystem::path& dir() const { return dir_; }

  // Every whole entry, newest version first, of one version the bzImage first. A damaged one is
  // left out.
  [[nodiscard]] std::vector<KernelEntry> list() const;

  // Inspects the image and copies what the entry needs. Adding the same again is no error, and adds
  // what the entry lacks: config, modules.
  Result<KernelEntry> add(const KernelSource& source) const;

  // The kernel a config means by `wanted`: a path (it contains a '/'; the image is inspected,
  // not cached), an entry's id, a version prefix such as "7.0" (newest that fits, whole ones
  // first), or empty: the newest whole one. Errors: kNotFound, whose help names `schedrig kernel
  // fetch`.
  [[nodiscard]] Result<KernelEntry> find(std::string_view wanted) const;

  // Deletes the one entry that has this id or whose version begins with `wanted`, and returns what
  // it was (its paths are gone). Errors: kNotFound; kInvalidArgument for several, with their ids;
  // kOs.
  [[nodiscard]] Result<KernelEntry> remove(std::string_view wanted) const;

  // The kernel the lab's emulated host runs: the newest that has its kvm modules. A whole one
  // first, so that host and guest may be the same. Errors: kNotFound.
  [[nodiscard]] Result<KernelEntry> find_lab_host() const;

 private:
  std::filesystem::path dir_;
};

} // namespace schedrig::kernel

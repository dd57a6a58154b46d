// SPDX-License-Identifier: MIT
// AptState: a private apt - its own sources, lists and cache in a directory of ours - that
// looks up, downloads and verifies packages of any suite without touching the system's.
//
// Owns the directory's apt.conf, sources.list, lists/ and cache/. Packages are never installed:
// unpack() lays a package's files out in a directory. Knows nothing about kernels or QEMU.
// The system's settings under "Acquire" (proxies, retries) are copied; its hooks are not run.
// Thread: one at a time per directory (apt locks its lists). Every call has a deadline.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <schedrig/result.hpp>

#include "host/apt/mirror.hpp"

namespace schedrig::apt {

// A package in a version that the suites offer.
struct Package {
  std::string name;
  std::string version;

  // How apt-get is told to take just this one.
  [[nodiscard]] std::string pinned() const { return name + "=" + version; }
};

class AptState {
 public:
  // Makes the directory if need be and writes its configuration. suites: such as "bookworm".
  // Errors: kOs (cannot write there), kInvalidArgument (a suite's name is not one word).
  static Result<AptState> open(const std::filesystem::path& dir, const Mirror& mirror,
                               const std::vector<std::string>& suites);

  // Fetches the suites' indexes. Errors: kNotFound (no such suite), kOs (network, signature).
  [[nodiscard]] Result<> update() const;

  // Names that start with prefix, whatever they contain after it; unordered.
  [[nodiscard]] Result<std::vector<std::string>> names(const std::string& prefix) const;

  // The newest version of each of the names that is really on offer, in the order of names;
  // those not on offer are left out.
  [[nodiscard]] Result<std::vector<Package>> newest(const std::vector<std::string>& names) const;

  // `package` of `suite` with all its dependencies, whatever this machine has installed.
  [[nodiscard]] Result<std::vector<Package>> closure(const std::string& package,
                                                     const std::string& suite) const;

  // Downloads and verifies into `dir` (which must exist). Returns the files' paths.
  [[nodiscard]] Result<std::vector<std::filesystem::path>>
  download(const std::vector<Package>& packages, const std::filesystem::path& dir) const;

 private:
  AptState(std::filesystem::path dir, std::vector<std::string> suites)
      : dir_(std::move(dir)), suites_(std::move(suites)) {}

  std::filesystem::path dir_;
  std::vector<std::string> suites_;
};

// Lays out the files of a .deb under `dir`, as dpkg -x does; no scripts run.
Result<> unpack(const std::filesystem::path& deb, const std::filesystem::path& dir);

} // namespace schedrig::apt

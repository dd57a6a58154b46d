// SPDX-License-Identifier: MIT
// CgroupRoot: a private cgroup v2 directory that stands for the whole hierarchy of the machine.
//
//   BASE/schedrig-local-PID         the machine's /sys/fs/cgroup
//   BASE/schedrig-local-PID/runner  who is in the machine's root cgroup: with controllers enabled,
//                                   only the true root may hold processes (cgroup-v2.rst, "No
//                                   Internal Process Constraint")
//
// Ownership: the object owns the directory and everything in it; the destructor kills and removes.
// What a killed host leaves is removed by the next one. Thread: host.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <schedrig/result.hpp>

namespace local {

using namespace schedrig;
namespace fs = std::filesystem;

inline constexpr std::string_view kRunner = "/runner";

// Where cgroup v2 is mounted. Errors: kUnsupported.
Result<fs::path> find_hierarchy();

// `root`, or the cgroup of this process if that is empty. kUnsupported: no cgroup v2 there, or it
// cannot be written.
Result<fs::path> find_base(std::string_view root);

class CgroupRoot {
 public:
  explicit CgroupRoot(const fs::path& base);
  CgroupRoot(const CgroupRoot&) = delete;
  CgroupRoot& operator=(const CgroupRoot&) = delete;
  ~CgroupRoot() { (void)remove(); }

  // Once, before anything below path() is there.
  Result<> create();
  // Kills who is in it. Does nothing the second time.
  Result<> remove();

  [[nodiscard]] const fs::path& path() const { return path_; }
  // "/schedrig-local-PID"
  [[nodiscard]] std::string name() const { return "/" + path_.filename().string(); }

 private:
  void enable_controllers();

  fs::path path_;
  bool made_ = false;
  std::vector<std::string> enabled_; // in the base, by this object: taken back at the end
};

} // namespace local

// SPDX-License-Identifier: MIT
#include "cgroup_root.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <ctime>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace local {
namespace {

constexpr std::string_view kPrefix = "schedrig-local-";
// Killed processes leave a cgroup within milliseconds; 2 s is for a loaded machine.
constexpr int kRemoveTries = 200;
constexpr timespec kRemovePause = {.tv_sec = 0, .tv_nsec = 10'000'000};

std::string read_text(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool write_text(const fs::path& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  return !file.fail();
}

bool has_word(const std::string& text, std::string_view wanted) {
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (word == wanted) {
      return true;
    }
  }
  return false;
}

// Children first; a directory of cgroupfs is removed with the files in it.
bool remove_tree(const fs::path& folder) {
  std::error_code ignored;
  std::vector<fs::path> children;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.is_directory(ignored)) {
      children.push_back(entry.path());
    }
  }
  for (const fs::path& child : children) {
    remove_tree(child);
  }
  return rmdir(folder.c_str()) == 0 || errno == ENOENT;
}

Result<> kill_and_remove(const fs::path& folder) {
  write_text(folder / "cgroup.kill", "1"); // frozen ones, too (cgroup-v2.rst, Linux 5.14)
  for (int i = 0; i < kRemoveTries; ++i) {
    if (remove_tree(folder)) {
      return {};
    }
    nanosleep(&kRemovePause, nullptr);
  }
  return fail(StatusCode::kTimeout, "remove " + folder.string() + ": it stays in use",
              "look for its processes in cgroup.procs, and remove it by hand");
}

// What hosts left that were killed.
void remove_orphans(const fs::path& base) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(base, ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix)) {
      continue;
    }
    pid_t owner = 0;
    const char* const end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + kPrefix.size(), end, owner);
    if (parsed.ec == std::errc() && parsed.ptr == end && owner > 0 && kill(owner, 0) != 0 &&
        errno == ESRCH) {
      if (!kill_and_remove(entry.path())) {
        return; // one wait for what stays in use is enough; the next start tries again
      }
    }
  }
}

// The place of this process in cgroup v2.
Result<fs::path> own_cgroup() {
  const std::string cgroups = "\n" + read_text("/proc/self/cgroup");
  const std::size_t line = cgroups.find("\n0::/");
  if (line == std::string::npos) {
    return fail(StatusCode::kUnsupported, "this process is in no cgroup v2");
  }
  const std::size_t from = line + 4; // of the slash
  return fs::path(TRY(find_hierarchy()).string() +
                  cgroups.substr(from, cgroups.find('\n', from) - from));
}

} // namespace

Result<fs::path> find_hierarchy() {
  std::istringstream mounts(read_text("/proc/self/mounts"));
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string device;
    std::string point;
    std::string type;
    fields >> device >> point >> type;
    if (type == "cgroup2") {
      return fs::path(point);
    }
  }
  return fail(StatusCode::kUnsupported, "cgroup v2 is not mounted",
              "mount -t cgroup2 none /sys/fs/cgroup");
}

Result<fs::path> find_base(std::string_view root) {
  fs::path base = root.empty() ? TRY(own_cgroup()) : fs::path(root);
  struct statfs info{};
  if (statfs(base.c_str(), &info) != 0 || info.f_type != CGROUP2_SUPER_MAGIC) {
    return fail(StatusCode::kUnsupported, base.string() + " is no cgroup v2 directory",
                "give one as [backend.local] root");
  }
  if (access(base.c_str(), W_OK) != 0) {
    return fail(StatusCode::kUnsupported, "cgroup " + base.string() + " cannot be written",
                "run as root, or have a cgroup delegated (systemd-run --user --scope -p "
                "Delegate=yes)");
  }
  return base;
}

CgroupRoot::CgroupRoot(const fs::path& base)
    : path_(base / (std::string(kPrefix) + std::to_string(getpid()))) {}

Result<> CgroupRoot::create() {
  remove_orphans(path_.parent_path());
  if (mkdir(path_.c_str(), 0755) != 0) {
    return fail_errno(errno, "mkdir " + path_.string(),
                      "one machine of a process at a time has this cgroup");
  }
  made_ = true;
  enable_controllers();
  const fs::path runner = path_.string() + std::string(kRunner);
  if (mkdir(runner.c_str(), 0755) != 0) {
    return fail_errno(errno, "mkdir " + runner.string());
  }
  return {};
}

// A controller that the base lacks or will not give (it has processes, a v1 hierarchy has it) is
// one that the machine lacks: cgroup.controllers says so.
void CgroupRoot::enable_controllers() {
  const fs::path base = path_.parent_path();
  const std::string there = read_text(base / "cgroup.controllers");
  const std::string before = read_text(base / "cgroup.subtree_control");
  for (const std::string name : {"cpuset", "cpu", "io", "memory", "pids"}) {
    if (has_word(there, name) && !has_word(before, name) &&
        write_text(base / "cgroup.subtree_control", "+" + name)) {
      enabled_.push_back(name);
    }
  }
}

Result<> CgroupRoot::remove() {
  if (!std::exchange(made_, false)) {
    return {};
  }
  TRY(kill_and_remove(path_));
  for (const std::string& name : enabled_) {
    write_text(path_.parent_path() / "cgroup.subtree_control", "-" + name);
  }
  return {};
}

} // namespace local

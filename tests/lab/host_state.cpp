// SPDX-License-Identifier: MIT
#include "tests/lab/host_state.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace schedrig::lab {
namespace {

namespace fs = std::filesystem;

// A guest's memory is hundreds of MiB; caches of the kernel's own come and go, and a template's
// file, which lies in memory here, gets pages where guests read its holes.
constexpr std::uint64_t kSharedSlackKib = 16 * 1024;
constexpr std::uint64_t kAvailableSlackKib = 64 * 1024;
constexpr const char* kKernelThreads = "2"; // the parent of all

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool is_number(const std::string& name) {
  return std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

std::set<std::string> processes() {
  std::set<std::string> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string pid = entry.path().filename();
    // proc_pid_stat(5): PID (NAME) STATE PPID; a name may hold anything.
    const std::string stat = is_number(pid) ? text_of(entry.path() / "stat") : std::string();
    const std::size_t open = stat.find('(');
    const std::size_t close = stat.rfind(')');
    if (open == std::string::npos || close == std::string::npos || close + 4 >= stat.size()) {
      continue; // no process, or gone by now
    }
    const std::string name = stat.substr(open + 1, close - open - 1);
    const std::string parent = stat.substr(close + 4, stat.find(' ', close + 4) - close - 4);
    const bool of_kernel = parent == kKernelThreads || pid == kKernelThreads;
    if (!of_kernel || name.starts_with("kvm")) {
      found.insert(std::string(pid).append(" ").append(name));
    }
  }
  return found;
}

void add_files(const fs::path& below, const std::set<fs::path>& without,
               std::set<std::string>& found) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(below, error), end; !error && at != end;
       at.increment(error)) {
    if (without.contains(at->path())) {
      at.disable_recursion_pending();
    } else {
      found.insert(at->path());
    }
  }
}

std::set<std::string> directories(const fs::path& below) {
  std::set<std::string> found;
  std::error_code error;
  for (fs::recursive_directory_iterator at(below, error), end; !error && at != end;
       at.increment(error)) {
    if (std::error_code unknown; at->is_directory(unknown)) {
      found.insert(at->path());
    }
  }
  return found;
}

std::uint64_t meminfo_kib(const std::string& meminfo, const std::string& name) {
  const std::size_t at = meminfo.find("\n" + name + ":");
  return at == std::string::npos ? 0 : std::stoull(meminfo.substr(at + name.size() + 2));
}

std::string added(const char* what, const std::set<std::string>& before,
                  const std::set<std::string>& now) {
  std::string text;
  for (const std::string& name : now) {
    if (!before.contains(name)) {
      text += std::string(what) + " " + name + "\n";
    }
  }
  return text;
}

} // namespace

HostState look_at_host() {
  HostState state;
  state.processes = processes();
  add_files("/", {"/proc", "/sys", "/dev"}, state.files);
  add_files("/dev/shm", {}, state.files);
  state.cgroups = directories("/sys/fs/cgroup");
  state.guests = directories("/sys/kernel/debug/kvm");
  const std::string meminfo = text_of("/proc/meminfo");
  state.shared_kib = meminfo_kib(meminfo, "Shmem");
  state.available_kib = meminfo_kib(meminfo, "MemAvailable");
  return state;
}

std::string left_since(const HostState& before, const HostState& now) {
  std::string left =
      added("process", before.processes, now.processes) + added("file", before.files, now.files) +
      added("cgroup", before.cgroups, now.cgroups) + added("guest", before.guests, now.guests);
  if (now.shared_kib > before.shared_kib + kSharedSlackKib) {
    left += "memory: " + std::to_string(now.shared_kib - before.shared_kib) + " KiB of memfds\n";
  }
  if (now.available_kib + kAvailableSlackKib < before.available_kib) {
    left += "memory: " + std::to_string(before.available_kib - now.available_kib) + " KiB\n";
  }
  return left;
}

} // namespace schedrig::lab

// SPDX-License-Identifier: MIT
// What the kernel says of a worker while it runs: tests wait for that, and not for a time in which
// a loaded machine may have given it nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace schedrig::kvm {

inline std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// /proc/PID/schedstat (Documentation/scheduler/sched-stats.rst); zeros when the process is gone.
struct Schedstat {
  std::int64_t cpu_ns = 0;
  std::int64_t wait_ns = 0;
  std::int64_t turns = 0; // how often it was given a CPU
};
inline Schedstat schedstat(pid_t pid) {
  Schedstat stat;
  std::ifstream("/proc/" + std::to_string(pid) + "/schedstat") >> stat.cpu_ns >> stat.wait_ns >>
      stat.turns;
  return stat;
}

// How often it went to sleep by itself (proc_pid_status(5)); 0 when the process is gone.
inline std::int64_t sleeps(pid_t pid) {
  constexpr std::string_view kKey = "\nvoluntary_ctxt_switches:";
  const std::string text = read_file("/proc/" + std::to_string(pid) + "/status");
  const std::size_t at = text.find(kKey);
  return at == std::string::npos ? 0 : std::stoll(text.substr(at + kKey.size()));
}

// Field of /proc/PID/stat, counted from 1 as in proc_pid_stat(5); empty when the process is gone.
inline std::string stat_text(pid_t pid, int field) {
  const std::string text = read_file("/proc/" + std::to_string(pid) + "/stat");
  std::istringstream rest(text.substr(std::min(text.size(), text.rfind(')') + 2)));
  std::string value;
  for (int at = 3; at <= field; ++at) {
    rest >> value;
  }
  return value;
}
inline constexpr int kState = 3;
inline constexpr int kMinorFaults = 10;
inline constexpr int kMinorFaultsOfChildren = 11;
inline constexpr int kNice = 19;
inline constexpr int kProcessor = 39;
inline constexpr int kPolicy = 41;

// -1 when the process is gone.
inline std::int64_t stat_field(pid_t pid, int field) {
  const std::string text = stat_text(pid, field);
  return text.empty() ? -1 : std::stoll(text);
}

} // namespace schedrig::kvm

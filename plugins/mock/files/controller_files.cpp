// SPDX-License-Identifier: MIT
#include <array>
#include <cerrno>

#include "plugins/mock/files/cgroup_file.hpp"
#include "plugins/mock/files/kernel_parse.hpp"

namespace schedrig::mock {
namespace {

// CGROUP_WEIGHT_MIN, _MAX (include/linux/cgroup.h).
constexpr std::uint64_t kWeightMin = 1;
constexpr std::uint64_t kWeightMax = 10000;
// PIDS_MAX: PID_MAX_LIMIT + 1 (kernel/cgroup/pids.c).
constexpr std::int64_t kPidsMax = (4 * 1024 * 1024) + 1;
// cpu.max: quota and period at least 1 ms, period at most 1 s (kernel/sched/core.c).
constexpr std::uint64_t kMinBandwidthUs = 1'000;
constexpr std::uint64_t kMaxPeriodUs = 1'000'000;
constexpr std::uint64_t kMaxQuotaUs = (1ULL << 44U) / 1000; // max_bw_runtime_us

int write_list(std::string_view data, std::uint32_t nbits, CpuMask& mask) {
  CpuMask parsed;
  if (const int error = parse_list(strip(data), nbits, parsed); error != 0) {
    return error;
  }
  mask = parsed;
  return 0;
}

int read_cpus(CgroupTree& tree, std::uint32_t index, std::string& out) {
  out += format_list(tree.at(index).cpus) + "\n";
  return 0;
}

int write_cpus(CgroupTree& tree, std::uint32_t index, std::string_view data) {
  const std::uint32_t cpus = tree.at(0).cpus.count();
  if (const int error = write_list(data, cpus, tree.knobs(index).cpus); error != 0) {
    return error;
  }
  tree.apply(index);
  return 0;
}

int read_cpus_effective(CgroupTree& tree, std::uint32_t index, std::string& out) {
  out += format_list(tree.at(index).effective_cpus) + "\n";
  return 0;
}

int read_mems(CgroupTree& tree, std::uint32_t index, std::string& out) {
  out += format_list(tree.at(index).mems) + "\n";
  return 0;
}

// nodelist_parse() accepts up to MAX_NUMNODES (1 << CONFIG_NODES_SHIFT, 10 on Debian); nodes that
// the machine does not have are EINVAL.
int write_mems(CgroupTree& tree, std::uint32_t index, std::string_view data) {
  CpuMask parsed;
  if (const int error = write_list(data, kMaxCpus, parsed); error != 0) {
    return error;
  }
  if (!(parsed == (parsed & tree.at(0).mems))) {
    return EINVAL;
  }
  tree.knobs(index).mems = parsed;
  tree.apply(index);
  return 0;
}

int read_mems_effective(CgroupTree& tree, std::uint32_t index, std::string& out) {
  out += format_list(tree.at(index).effective_mems) + "\n";
  return 0;
}

int read_cpu_weight(CgroupTree& tree, std::uint32_t index, std::string& out) {
  out += std::to_string(tree.at(index).cpu_weight) + "\n";
  return 0;
}

// A write_u64 file: kstrtoull() without strstrip().
int write_cpu_weight(CgroupTree& tree, std::uint32_t index, std::string_view data) {
  std::uint64_t weight = 0;
  if (const int error = parse_u64(data, weight); error != 0) {
    return error;
  }
  if (weight < kWeightMin || weight > kWeightMax) {
    return ERANGE;
  }
  tree.knobs(index).cpu_weight = static_cast<std::uint32_t>(weight);
  tree.apply(index);
  return 0;
}

int read_cpu_max(CgroupTree& tree, std::uint32_t index, std::string& out) {
  const Cgroup& group = tree.at(index);
  out += (group.cpu_quota_us < 0 ? "max" : std::to_string(group.cpu_quota_us)) + " " +
         std::to_string(group.cpu_period_us) + "\n";
  return 0;
}

std::string_view next_word(std::string_view& text) {
  text = strip(text);
  std::size_t n = 0;
  while (n < text.size() && strip(text.substr(n, 1)).size() == 1) {
    ++n;
  }
  const std::string_view word = text.substr(0, n);
  text.remove_prefix(n);
  return word;
}

// sscanf's %llu: the decimal digits at the start; false when there are none. Wraps as it does.
bool scan_number(std::string_view word, std::uint64_t& value) {
  value = 0;
  std::size_t n = 0;
  while (n < word.size() && word[n] >= '0' && word[n] <= '9') {
    value = (value * 10) + static_cast<std::uint64_t>(word[n] - '0');
    ++n;
  }
  return n > 0;
}

// cpu_period_quota_parse() and tg_set_bandwidth().
int write_cpu_max(CgroupTree& tree, std::uint32_t index, std::string_view data) {
  Cgroup& group = tree.knobs(index);
  std::string_view rest = data;
  const std::string_view quota_word = next_word(rest);
  if (quota_word.empty()) {
    return EINVAL;
  }
  std::uint64_t quota = 0;
  std::uint64_t period = static_cast<std::uint64_t>(group.cpu_period_us);
  const bool unlimited = quota_word == "max";
  if (!unlimited && !scan_number(quota_word, quota)) {
    return EINVAL;
  }
  std::uint64_t given = 0;
  if (scan_number(next_word(rest), given)) {
    period = given;
  }
  if (period < kMinBandwidthUs || period > kMaxPeriodUs ||
      (!unlimited && (quota < kMinBandwidthUs || quota > kMaxQuotaUs))) {
    return EINVAL;
  }
  group.cpu_quota_us = unlimited ? -1 : static_cast<std::int64_t>(quota);
  group.cpu_period_us = static_cast<std::int64_t>(period);
  tree.apply_bandwidth(index);
  return 0;
}

int read_cpu_max_burst(CgroupTree& tree, std::uint32_t index, std::string& out) {
  out += std::to_string(tree.at(index).cpu_burst_us) + "\n";
  return 0;
}

// tg_set_bandwidth(): burst is at most the quota, without which it must be zero.
int write_cpu_max_burst(CgroupTree& tree, std::uint32_t index, std::string_view data) {
  std::uint64_t burst = 0;
  if (const int error = parse_u64(data, burst); error != 0) {
    return error;
  }
  Cgroup& group = tree.knobs(index);
  const std::uint64_t most =
      group.cpu_quota_us < 0 ? kMaxQuotaUs : static_cast<std::uint64_t>(group.cpu_quota_us);
  if (burst > most) {
    return EINVAL;
  }
  group.cpu_burst_us = static_cast<std::int64_t>(burst);
  tree.apply_bandwidth(index);
  return 0;
}

int read_cpu_stat(CgroupTree& tree, std::uint32_t index, std::string& out) {
  const std::string usage = std::to_string(tree.exec_ns(index) / 1000);
  out += "usage_usec " + usage + "\nuser_usec " + usage + "\nsystem_usec 0\nnice_usec 0\n";
  if (index != 0 && (tree.controllers(index) & kCpu) != 0) {
    const BandwidthStats stats = tree.bandwidth_stats(index);
    out += "nr_periods " + std::to_string(stats.periods) + "\nnr_throttled " +
           std::to_string(stats.throttled_periods) + "\nthrottled_usec " +
           std::to_string(stats.throttled_ns / 1000) + "\nnr_bursts " +
           std::to_string(stats.bursts) + "\nburst_usec " + std::to_string(stats.burst_ns / 1000) +
           "\n";
  }
  return 0;
}

std::string pages_text(std::uint64_t pages) {
  return pages == kPageCounterMax ? "max\n" : std::to_string(pages * 4096) + "\n";
}

int read_memory_max(CgroupTree& tree, std::uint32_t index, std::string& out) {
  out += pages_text(tree.at(index).memory_max_pages);
  return 0;
}

int write_memory_max(CgroupTree& tree, std::uint32_t index, std::string_view data) {
  return parse_memory(data, tree.knobs(index).memory_max_pages);
}

int read_memory_high(CgroupTree& tree, std::uint32_t index, std::string& out) {
  out += pages_text(tree.at(index).memory_high_pages);
  return 0;
}

int write_memory_high(CgroupTree& tree, std::uint32_t index, std::string_view data) {
  return parse_memory(data, tree.knobs(index).memory_high_pages);
}

int read_io_weight(CgroupTree& tree, std::uint32_t index, std::string& out) {
  out += "default " + std::to_string(tree.at(index).io_weight) + "\n";
  return 0;
}

// ioc_weight_write(): "default N" or "N"; there is no block device for "MAJ:MIN N".
int write_io_weight(CgroupTree& tree, std::uint32_t index, std::string_view data) {
  if (data.find(':') != std::string_view::npos) {
    return ENODEV;
  }
  std::string_view rest = data;
  std::string_view word = next_word(rest);
  if (word == "default") {
    word = next_word(rest);
  }
  std::uint64_t weight = 0;
  if (!scan_number(word, weight) || weight < kWeightMin || weight > kWeightMax) {
    return EINVAL;
  }
  tree.knobs(index).io_weight = static_cast<std::uint32_t>(weight);
  return 0;
}

int read_pids_max(CgroupTree& tree, std::uint32_t index, std::string& out) {
  const std::int64_t limit = tree.at(index).pids_max;
  out += limit < 0 ? "max\n" : std::to_string(limit) + "\n";
  return 0;
}

int write_pids_max(CgroupTree& tree, std::uint32_t index, std::string_view data) {
  data = strip(data);
  std::int64_t limit = -1;
  if (data != "max") {
    if (const int error = parse_s64(data, limit); error != 0) {
      return error;
    }
    if (limit < 0 || limit >= kPidsMax) {
      return EINVAL;
    }
  }
  tree.knobs(index).pids_max = limit;
  return 0;
}

int read_pids_current(CgroupTree& tree, std::uint32_t index, std::string& out) {
  out += std::to_string(tree.processes(index)) + "\n";
  return 0;
}

int read_pids_events(CgroupTree& tree, std::uint32_t index, std::string& out) {
  out += "max " + std::to_string(tree.at(index).pids_refused) + "\n";
  return 0;
}

constexpr std::array kFiles = {
    CgroupFile{"cpu.stat", 0, true, read_cpu_stat, nullptr},
    CgroupFile{"cpu.max", kCpu, false, read_cpu_max, write_cpu_max},
    CgroupFile{"cpu.max.burst", kCpu, false, read_cpu_max_burst, write_cpu_max_burst},
    CgroupFile{"cpu.weight", kCpu, false, read_cpu_weight, write_cpu_weight},
    CgroupFile{"cpuset.cpus", kCpuset, false, read_cpus, write_cpus},
    CgroupFile{"cpuset.cpus.effective", kCpuset, true, read_cpus_effective, nullptr},
    CgroupFile{"cpuset.mems", kCpuset, false, read_mems, write_mems},
    CgroupFile{"cpuset.mems.effective", kCpuset, true, read_mems_effective, nullptr},
    CgroupFile{"io.weight", kIo, false, read_io_weight, write_io_weight},
    CgroupFile{"memory.high", kMemory, false, read_memory_high, write_memory_high},
    CgroupFile{"memory.max", kMemory, false, read_memory_max, write_memory_max},
    CgroupFile{"pids.current", kPids, false, read_pids_current, nullptr},
    CgroupFile{"pids.events", kPids, false, read_pids_events, nullptr},
    CgroupFile{"pids.max", kPids, false, read_pids_max, write_pids_max},
};

} // namespace

std::span<const CgroupFile> controller_files() {
  return kFiles;
}

} // namespace schedrig::mock

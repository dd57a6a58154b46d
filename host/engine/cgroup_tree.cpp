// SPDX-License-Identifier: MIT
#include "host/engine/cgroup_tree.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "host/engine/cpuset.hpp"

namespace schedrig::engine {
namespace {

constexpr std::string_view kRoot = "/sys/fs/cgroup";
constexpr std::string_view kManagedParent = "/sys/fs/cgroup/schedrig";
constexpr std::array<std::string_view, 5> kControllers = {"cpuset", "cpu", "memory", "io", "pids"};

// How often a state that the kernel reaches by itself is looked at: well below the milliseconds
// that a freeze takes on a loaded machine, well above the cost of a look.
constexpr std::int64_t kPollNs = 1'000'000;

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(" \n", at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(" \n", at), text.size());
    found.push_back(text.substr(at, end - at));
    at = end;
  }
  return found;
}

std::optional<bool> frozen_state(std::string_view events) {
  const auto fields = words(events);
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    if (fields[i] == "frozen") {
      return fields[i + 1] == "1";
    }
  }
  return std::nullopt;
}

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  while (!text.empty() && text.back() == ' ') {
    text.pop_back();
  }
  return text;
}

} // namespace

Result<> CgroupTree::set_up() {
  const std::string available =
      TRY(session_.files().read(std::string(kRoot) + "/cgroup.controllers"));
  TRY(session_.files().mkdir(kManagedParent));
  for (const std::string_view word : words(available)) {
    if (std::ranges::find(kControllers, word) == kControllers.end()) {
      continue;
    }
    const std::string enable = "+" + std::string(word);
    TRY(session_.files().write(std::string(kRoot) + "/cgroup.subtree_control", enable));
    TRY(session_.files().write(std::string(kManagedParent) + "/cgroup.subtree_control", enable));
    controllers_.emplace_back(word);
  }
  return {};
}

Result<> CgroupTree::tear_down() {
  return session_.files().rmdir(kManagedParent);
}

std::string CgroupTree::path(std::string_view cgroup, std::string_view file) const {
  std::string path = std::string(kManagedParent) + "/" + std::string(cgroup);
  return file.empty() ? path : path + "/" + std::string(file);
}

Result<> CgroupTree::create(std::string_view cgroup) {
  return session_.files().mkdir(path(cgroup));
}

Result<> CgroupTree::require_controller(std::string_view cgroup, std::string_view file) const {
  const std::string_view controller = file.substr(0, file.find('.'));
  if (std::ranges::find(controllers_, controller) == controllers_.end()) {
    return fail(StatusCode::kUnsupported,
                std::string(file) + " of cgroup \"" + std::string(cgroup) +
                    "\": the machine's kernel has no " + std::string(controller) + " controller",
                "leave " + std::string(controller) +
                    " out of this cgroup, or use a kernel with it");
  }
  return {};
}

Result<> CgroupTree::write_knob(std::string_view cgroup, std::string_view file,
                                const std::string& value) {
  TRY(require_controller(cgroup, file));
  return session_.files().write(path(cgroup, file), value);
}

Result<> CgroupTree::apply_knobs(const CgroupDef& def) {
  constexpr std::int64_t kNsPerUs = 1000; // cpu.max is in microseconds
  if (def.cpu_weight) {
    TRY(write_knob(def.name, "cpu.weight", std::to_string(*def.cpu_weight)));
  }
  if (def.cpu_max) {
    TRY(write_knob(def.name, "cpu.max",
                   std::to_string(def.cpu_max->quota_ns / kNsPerUs) + " " +
                       std::to_string(def.cpu_max->period_ns / kNsPerUs)));
  }
  if (def.memory_high) {
    TRY(write_knob(def.name, "memory.high", std::to_string(*def.memory_high)));
  }
  if (def.memory_max) {
    TRY(write_knob(def.name, "memory.max", std::to_string(*def.memory_max)));
  }
  if (def.io_weight) {
    TRY(write_knob(def.name, "io.weight", std::to_string(*def.io_weight)));
  }
  if (def.pids_max) {
    TRY(write_knob(def.name, "pids.max", std::to_string(*def.pids_max)));
  }
  return {};
}

Result<> CgroupTree::set_cpus(std::string_view cgroup, std::span<const std::uint32_t> cpus) {
  // Nothing written would be nothing done: an empty list is a newline.
  return write_knob(cgroup, "cpuset.cpus", cpus.empty() ? "\n" : to_cpulist(cpus));
}

Result<std::vector<std::uint32_t>> CgroupTree::read_cpus(std::string_view cgroup) {
  constexpr std::string_view kFile = "cpuset.cpus";
  TRY(require_controller(cgroup, kFile));
  return parse_cpulist(TRY(session_.files().read(path(cgroup, kFile))));
}

Result<> CgroupTree::set_frozen(std::string_view cgroup, bool frozen) {
  return session_.files().write(path(cgroup, "cgroup.freeze"), frozen ? "1" : "0");
}

Result<> CgroupTree::wait_frozen(std::string_view cgroup, std::int64_t limit_ns) {
  const std::int64_t give_up = session_.now_ns() + limit_ns;
  while (true) {
    std::string events = TRY(session_.files().read(path(cgroup, "cgroup.events")));
    if (frozen_state(events).value_or(false)) {
      return {};
    }
    if (session_.now_ns() >= give_up) {
      return fail(StatusCode::kTimeout,
                  "cgroup \"" + std::string(cgroup) + "\" is not frozen after " +
                      std::to_string(limit_ns / 1'000'000) + " ms: cgroup.events says \"" +
                      one_line(std::move(events)) + "\"",
                  "a task in uninterruptible sleep delays freezing; raise wait, or use "
                  "wait = \"0s\"");
    }
    TRY(session_.wait_for(kPollNs));
  }
}

Result<std::vector<std::int32_t>> CgroupTree::read_procs(std::string_view cgroup, bool threads) {
  const std::string file = path(cgroup, threads ? "cgroup.threads" : "cgroup.procs");
  const std::string text = TRY(session_.files().read(file));
  std::vector<std::int32_t> pids;
  for (const std::string_view word : words(text)) {
    std::int32_t pid = 0;
    const auto parsed = std::from_chars(word.data(), word.data() + word.size(), pid);
    if (parsed.ec != std::errc() || parsed.ptr != word.data() + word.size()) {
      return fail(StatusCode::kBadData,
                  "read " + file + ": \"" + std::string(word) + "\" is not a process id");
    }
    pids.push_back(pid);
  }
  return pids;
}

} // namespace schedrig::engine

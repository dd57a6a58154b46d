// SPDX-License-Identifier: MIT
#include "plugins/mock/files/sched_ext_files.hpp"

#include <algorithm>
#include <array>

namespace schedrig::mock {
namespace {

constexpr std::array<std::string_view, 5> kGlobal = {"enable_seq", "hotplug_seq", "nr_rejected",
                                                     "state", "switch_all"};
constexpr std::array<std::string_view, 2> kOfScheduler = {"events", "ops"};

bool holds(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

} // namespace

NodeKind SchedExtFiles::find(Components path) {
  if (path.empty()) {
    return NodeKind::kDirectory;
  }
  const bool attached = !state_.ops.empty();
  if (path[0] == "root" && attached) {
    return path.size() == 1                                   ? NodeKind::kDirectory
           : path.size() == 2 && holds(kOfScheduler, path[1]) ? NodeKind::kFile
                                                              : NodeKind::kAbsent;
  }
  return path.size() == 1 && holds(kGlobal, path[0]) ? NodeKind::kFile : NodeKind::kAbsent;
}

// scx_attr_events_show(). What cannot happen here stays 0: offline CPUs, disabled migration; tasks
// in exit are not enqueued; bypass mode is left in the instant in which it is entered.
std::string SchedExtFiles::events() const {
  const EngineStats& now = engine_.stats();
  const EngineStats& before = state_.at_attach;
  const auto line = [](std::string_view name, std::uint64_t count) {
    return "SCX_EV_" + std::string(name) + " " + std::to_string(count) + "\n";
  };
  return line("SELECT_CPU_FALLBACK", now.select_cpu_fallback - before.select_cpu_fallback) +
         line("DISPATCH_LOCAL_DSQ_OFFLINE", 0) +
         line("DISPATCH_KEEP_LAST", now.dispatch_keep_last - before.dispatch_keep_last) +
         line("ENQ_SKIP_EXITING", 0) + line("ENQ_SKIP_MIGRATION_DISABLED", 0) +
         line("REFILL_SLICE_DFL", now.refill_slice_default - before.refill_slice_default) +
         line("BYPASS_DURATION", 0) + line("BYPASS_DISPATCH", 0) + line("BYPASS_ACTIVATE", 0);
}

int SchedExtFiles::read(Components path, std::string& out) {
  const std::string_view name = path.back();
  const bool attached = !state_.ops.empty();
  if (name == "state") {
    out += attached ? "enabled\n" : "disabled\n";
  } else if (name == "switch_all") {
    out += attached ? "1\n" : "0\n";
  } else if (name == "enable_seq") {
    out += std::to_string(state_.enable_seq) + "\n";
  } else if (name == "ops") {
    out += state_.ops + "\n";
  } else if (name == "events") {
    out += events();
  } else {
    out += "0\n";
  }
  return 0;
}

int SchedExtFiles::write(Components /*path*/, std::string_view /*data*/) {
  return EACCES; // mode 0444, and sysfs asks for the bits of root too (kernfs_fop_open)
}

void SchedExtFiles::list(Components path, std::vector<std::string>& names) {
  if (path.empty()) {
    names.insert(names.end(), kGlobal.begin(), kGlobal.end());
    if (!state_.ops.empty()) {
      names.emplace_back("root/");
    }
  } else {
    names.insert(names.end(), kOfScheduler.begin(), kOfScheduler.end());
  }
}

} // namespace schedrig::mock

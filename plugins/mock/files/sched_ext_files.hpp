// SPDX-License-Identifier: MIT
// SchedExtFiles: /sys/kernel/sched_ext of the simulated machine (kernel/sched/ext.c, Linux 6.18):
// state, switch_all, nr_rejected, hotplug_seq, enable_seq, and root/ while a scheduler is attached.
// All read-only. switch_all follows state: a simulated policy has every task. nr_rejected and
// hotplug_seq stay 0: no policy can refuse a task, no CPU comes or goes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/mock/files/file_tree.hpp"
#include "plugins/mock/sim/engine.hpp"

namespace schedrig::mock {

// What the files show; kept by the machine.
struct SchedExtState {
  std::string ops; // name of the attached scheduler; empty: none
  std::uint64_t enable_seq = 0;
  EngineStats at_attach; // events count from there
};

class SchedExtFiles final : public FileTree {
 public:
  SchedExtFiles(const SchedExtState& state, const Engine& engine)
      : state_(state), engine_(engine) {}

  [[nodiscard]] NodeKind find(Components path) override;
  int read(Components path, std::string& out) override;
  int write(Components path, std::string_view data) override;
  void list(Components path, std::vector<std::string>& names) override;

 private:
  [[nodiscard]] std::string events() const;

  const SchedExtState& state_;
  const Engine& engine_;
};

} // namespace schedrig::mock

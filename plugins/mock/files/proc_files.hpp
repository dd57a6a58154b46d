// SPDX-License-Identifier: MIT
// ProcFiles: /proc of the simulated machine: PID/stat, PID/cgroup, version, sys/kernel/osrelease
// (proc(5), Linux 6.18); interrupts and irq/ are IrqFiles' business.
#pragma once

#include "plugins/mock/files/cgroup_tree.hpp"
#include "plugins/mock/files/file_tree.hpp"
#include "plugins/mock/files/irq_files.hpp"

namespace schedrig::mock {

class ProcFiles final : public FileTree {
 public:
  ProcFiles(Engine& engine, Processes& processes, CgroupTree& cgroups, std::string release)
      : engine_(engine), processes_(processes), cgroups_(cgroups), irqs_(engine.cpus()),
        release_(std::move(release)) {}

  [[nodiscard]] IrqFiles& irqs() { return irqs_; }
  [[nodiscard]] const IrqFiles& irqs() const { return irqs_; }

  [[nodiscard]] NodeKind find(Components path) override;
  int read(Components path, std::string& out) override;
  int write(Components path, std::string_view data) override;
  void list(Components path, std::vector<std::string>& names) override;
  int mkdir(Components path) override;

 private:
  [[nodiscard]] Process* process(std::string_view name);
  [[nodiscard]] std::string stat() const; // of all CPUs
  [[nodiscard]] std::string stat(const Process& process);

  Engine& engine_;
  Processes& processes_;
  CgroupTree& cgroups_;
  IrqFiles irqs_;
  std::string release_;
};

} // namespace schedrig::mock

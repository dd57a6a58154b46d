// SPDX-License-Identifier: MIT
// LocalMachine: the machine that schedrig itself runs on, seen through a private cgroup.
#pragma once

#include <memory>

#include <schedrig/backend.hpp>
#include <schedrig/schedulers.hpp>

#include "cgroup_root.hpp"
#include "files.hpp"
#include "tasks.hpp"

namespace local {

class LocalMachine final : public Machine, public SchedulersFacet {
 public:
  // kUnsupported: not a machine of this shape; no cgroup v2 below `root` (find_base).
  static Result<std::unique_ptr<LocalMachine>> create(const MachineSpec& spec);
  ~LocalMachine();
  LocalMachine(const LocalMachine&) = delete;
  LocalMachine& operator=(const LocalMachine&) = delete;

  void* query(std::string_view interface_id) noexcept override;
  Status boot(std::int64_t timeout_ns) noexcept override;
  [[nodiscard]] std::int64_t now_ns() noexcept override;
  Status wait_until(std::int64_t deadline_ns, WakeReason* reason) noexcept override;
  void interrupt() noexcept override;
  void describe(FactSink& sink) noexcept override;
  Status shut_down(std::int64_t timeout_ns) noexcept override;

  // Only what the kernel already runs.
  Status can_attach(std::string_view id, Plugin& scheduler) noexcept override;
  Status attach(std::string_view id, Plugin& scheduler, ParamsView params,
                std::int64_t timeout_ns) noexcept override;
  Status detach(std::int64_t timeout_ns) noexcept override;

 private:
  LocalMachine(const fs::path& base, int wake_fd) : root_(base), wake_fd_(wake_fd) {}

  CgroupRoot root_;
  LocalFiles files_{root_};
  LocalTasks tasks_{root_}; // its workers end before the cgroup goes
  int wake_fd_;             // an eventfd: interrupt() may be called in a signal handler
  std::int64_t boot_ns_ = 0;
};

} // namespace local

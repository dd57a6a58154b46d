// SPDX-License-Identifier: MIT
#include "tasks.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include <schedrig/export.hpp>

#include "group.hpp"

namespace local {
namespace {

Result<> move_into(const std::string& procs, std::int32_t pid) {
  const int fd = open(procs.c_str(), O_WRONLY | O_CLOEXEC);
  const std::string text = std::to_string(pid);
  const bool wrote = fd >= 0 && write(fd, text.data(), text.size()) > 0;
  const int os_errno = errno;
  close(fd);
  return wrote ? Result<>() : fail_errno(os_errno, "move pid " + text + " by " + procs);
}

} // namespace

LocalTasks::LocalTasks(const CgroupRoot& root) : root_(root) {}
LocalTasks::~LocalTasks() = default;

void LocalTasks::end_all() {
  groups_.clear();
}

Status LocalTasks::spawn(const WorkSpec& spec, std::uint32_t* group, PidSink& pids) noexcept {
  return guard("spawn", [&]() -> Result<> {
    std::unique_ptr<Group> made = TRY(Group::spawn(spec));
    const std::string procs = root_.path().string() + std::string(kRunner) + "/cgroup.procs";
    const std::vector<std::int32_t> all = made->pids();
    for (const std::int32_t pid : all) {
      TRY(move_into(procs, pid));
    }
    *group = next_++;
    groups_.emplace(*group, std::move(made));
    for (std::uint32_t i = 0; i < all.size(); ++i) {
      pids.on_pid(i, all[i]);
    }
    return {};
  });
}

Result<Group*> LocalTasks::find(std::uint32_t group) {
  const auto found = groups_.find(group);
  if (found == groups_.end()) {
    return fail(StatusCode::kNotFound, "there is no worker group " + std::to_string(group));
  }
  return found->second.get();
}

Status LocalTasks::start(std::uint32_t group) noexcept {
  return guard("start", [&]() -> Result<> { return TRY(find(group))->start(); });
}

Status LocalTasks::stop(std::uint32_t group, std::int64_t grace_ns,
                        WorkerReportSink& sink) noexcept {
  return guard("stop", [&]() -> Result<> {
    TRY(find(group));
    const std::unique_ptr<Group> stopped = std::move(groups_.extract(group).mapped());
    TRY(stopped->stop(grace_ns));
    stopped->report(boot_ns_, sink);
    return {};
  });
}

Status LocalTasks::pin(std::span<const std::int32_t> pids,
                       std::span<const std::uint32_t> cpus) noexcept {
  return guard("pin", [&]() -> Result<> {
    if (pids.size() > kMaxPinnedProcesses) {
      return fail(StatusCode::kInvalidArgument, "too many processes for one call");
    }
    for (const std::int32_t pid : pids) {
      TRY(pin_process(pid, cpus));
    }
    return {};
  });
}

} // namespace local

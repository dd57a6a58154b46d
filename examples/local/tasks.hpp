// SPDX-License-Identifier: MIT
// The tasks and affinity facets: groups of worker processes.
// Ownership: workers are children of this process and die with it (PR_SET_PDEATHSIG).
#pragma once

#include <map>
#include <memory>

#include <schedrig/affinity.hpp>
#include <schedrig/result.hpp>
#include <schedrig/tasks.hpp>

#include "cgroup_root.hpp"

namespace local {

class Group; // of workers

class LocalTasks final : public TasksFacet, public AffinityFacet {
 public:
  // `root` outlives this.
  explicit LocalTasks(const CgroupRoot& root);
  ~LocalTasks();

  // Kills and reaps every worker.
  void end_all();
  // Times of reports are measured from here.
  void set_boot_time(std::int64_t boot_ns) { boot_ns_ = boot_ns; }

  Status spawn(const WorkSpec& spec, std::uint32_t* group, PidSink& pids) noexcept override;
  Status start(std::uint32_t group) noexcept override;
  Status stop(std::uint32_t group, std::int64_t grace_ns, WorkerReportSink& sink) noexcept override;
  Status pin(std::span<const std::int32_t> pids,
             std::span<const std::uint32_t> cpus) noexcept override;

 private:
  Result<Group*> find(std::uint32_t group);

  const CgroupRoot& root_;
  std::int64_t boot_ns_ = 0;
  std::uint32_t next_ = 1;
  std::map<std::uint32_t, std::unique_ptr<Group>> groups_;
};

} // namespace local

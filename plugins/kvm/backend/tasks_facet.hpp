// SPDX-License-Identifier: MIT
// The tasks facet over the agent: spawn, start, stop, reports in machine time.
// Thread: host thread. Errors: tasks.hpp; spawn, start and stop have a deadline each.
#pragma once

#include <chrono>

#include <schedrig/tasks.hpp>

#include "backend/agent_link.hpp"
#include "backend/machine_clock.hpp"

namespace schedrig::kvm {

class AgentTasks final : public TasksFacet {
 public:
  AgentTasks(AgentLink& link, const MachineClock& clock, std::chrono::nanoseconds timeout) noexcept
      : link_(link), clock_(clock), timeout_(timeout) {}

  Status spawn(const WorkSpec& spec, std::uint32_t* group, PidSink& pids) noexcept override;
  Status start(std::uint32_t group) noexcept override;
  Status stop(std::uint32_t group, std::int64_t grace_ns, WorkerReportSink& sink) noexcept override;

 private:
  [[nodiscard]] Result<> spawn_group(const WorkSpec& spec, std::uint32_t* group, PidSink& pids);
  [[nodiscard]] Result<> start_group(std::uint32_t group);
  [[nodiscard]] Result<> stop_group(std::uint32_t group, std::int64_t grace_ns,
                                    WorkerReportSink& sink);

  AgentLink& link_;
  const MachineClock& clock_;
  std::chrono::nanoseconds timeout_;
};

} // namespace schedrig::kvm

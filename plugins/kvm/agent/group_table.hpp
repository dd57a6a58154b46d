// SPDX-License-Identifier: MIT
// GroupTable: all worker groups of this machine by number, and the waits of their stops.
//
// stop() is the one place where the agent waits; the host that asked for it waits too.
// Thread: the agent's only one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <schedrig/result.hpp>

#include "agent/child_watch.hpp"
#include "agent/worker_group.hpp"

namespace schedrig::agent {

// A line about something that nobody asked for: a worker that died by itself.
using NoticeSink = std::function<void(const std::string&)>;

class GroupTable {
 public:
  GroupTable(ChildWatch& children, NoticeSink notice) noexcept
      : children_(children), notice_(std::move(notice)) {}

  // Errors of all: kNotFound names the group; else those of WorkerGroup.
  [[nodiscard]] Result<kvm::SpawnReply> spawn(const WorkSpec& spec, int channel_fd);
  [[nodiscard]] Result<> start(std::uint32_t group);
  // Requests the stop, waits up to grace_ns (limited to kMaxGraceNs), kills and reaps the rest,
  // forgets the group. kTimeout: a killed worker did not end; its report is missing.
  [[nodiscard]] Result<std::vector<kvm::WorkerReportMessage>> stop(std::uint32_t group,
                                                                   std::int64_t grace_ns);
  // Call when the ChildWatch is readable.
  void reap();

 private:
  [[nodiscard]] Result<WorkerGroup*> find(std::uint32_t group);
  bool wait_all_reaped(const WorkerGroup& group, std::int64_t until_ns);

  ChildWatch& children_;
  NoticeSink notice_;
  std::map<std::uint32_t, std::unique_ptr<WorkerGroup>> groups_;
  std::uint32_t next_ = 1;
};

} // namespace schedrig::agent

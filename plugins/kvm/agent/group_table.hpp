// SPDX-License-Identifier: MIT
// GroupTable: all worker groups of this machine by number, and the waits of their stops.
//
// stop() waits, and the host that asked for it waits too.
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
// The end of a child that is no worker.
using ExitSink = std::function<void(pid_t pid, int wait_status, const rusage& usage)>;
// Waits, at most until then, for a child to end or for something else to do; does that, and reaps.
using Wait = std::function<void(std::int64_t until_ns)>;

class GroupTable {
 public:
  GroupTable(ChildWatch& children, NoticeSink notice, ExitSink other_exit, Wait wait) noexcept
      : children_(children), notice_(std::move(notice)), other_exit_(std::move(other_exit)),
        wait_(std::move(wait)) {}

  // Errors of all: kNotFound names the group; else those of WorkerGroup.
  [[nodiscard]] Result<kvm::SpawnReply> spawn(const WorkSpec& spec);
  [[nodiscard]] Result<> start(std::uint32_t group);
  // Requests the stop, waits up to grace_ns (limited to kMaxGraceNs), kills and reaps the rest,
  // forgets the group and hands it over, to be asked for its reports. kTimeout: a killed worker
  // did not end.
  [[nodiscard]] Result<std::unique_ptr<WorkerGroup>> stop(std::uint32_t group,
                                                          std::int64_t grace_ns);
  // Call when the ChildWatch is readable.
  void reap();
  // All groups live on without a number; nobody is told how their workers end.
  void disown();

 private:
  [[nodiscard]] Result<WorkerGroup*> find(std::uint32_t group);
  bool wait_all_reaped(const WorkerGroup& group, std::int64_t until_ns);

  ChildWatch& children_;
  NoticeSink notice_;
  ExitSink other_exit_;
  Wait wait_;
  SharedEvents events_; // before the groups that use them
  std::map<std::uint32_t, std::unique_ptr<WorkerGroup>> groups_;
  std::vector<std::unique_ptr<WorkerGroup>> disowned_;
  std::uint32_t next_ = 1;
};

} // namespace schedrig::agent

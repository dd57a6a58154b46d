// SPDX-License-Identifier: MIT
// What the tables of op cases are built from, and the tables, one a family of ops.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/contract/op_cases.hpp"

namespace schedrig::contract {

using engine::RunReport;

void add_cgroup_cases(std::vector<OpCase>& cases);
void add_cgroup_def_cases(std::vector<OpCase>& cases);
void remove_cgroup_cases(std::vector<OpCase>& cases);
void cpuset_cases(std::vector<OpCase>& cases);
void stop_cgroup_cases(std::vector<OpCase>& cases);
void move_cases(std::vector<OpCase>& cases);
void freeze_cases(std::vector<OpCase>& cases);
void capture_cases(std::vector<OpCase>& cases);
void spawn_cases(std::vector<OpCase>& cases);
void affinity_cases(std::vector<OpCase>& cases);
void irq_cases(std::vector<OpCase>& cases);
void command_cases(std::vector<OpCase>& cases);

inline WorkGroup work(WorkType type, std::uint32_t workers) {
  WorkGroup group;
  group.type = type;
  group.workers = workers;
  return group;
}

inline CgroupDef cgroup(std::string name) {
  CgroupDef def;
  def.name = std::move(name);
  return def;
}

inline CgroupDef spinners(std::string name, std::uint32_t workers) {
  CgroupDef def = cgroup(std::move(name));
  def.work = {work(WorkType::kSpin, workers)};
  return def;
}

template <class Change> CgroupDef with(CgroupDef def, Change&& change) {
  change(def);
  return def;
}

inline OpBody spawn_in(std::string name, const WorkGroup& group) {
  return Spawn{.cgroup = std::move(name), .work = group};
}

inline const engine::CgroupProcs& only_capture(const RunReport& report) {
  static const engine::CgroupProcs kNone;
  EXPECT_EQ(report.cgroup_procs.size(), 1U);
  return report.cgroup_procs.size() == 1 ? report.cgroup_procs.front() : kNone;
}

inline void all_workers_completed(const RunReport& report) {
  EXPECT_FALSE(report.workers.empty());
  for (const engine::WorkerRecord& worker : report.workers) {
    EXPECT_TRUE(worker.completed) << "pid " << worker.pid << " status " << worker.wait_status;
    EXPECT_EQ(worker.wait_status, 0);
  }
}

} // namespace schedrig::contract

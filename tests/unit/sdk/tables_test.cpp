// SPDX-License-Identifier: MIT
#include <set>

#include <gtest/gtest.h>

#include <schedrig/ops.hpp>

namespace schedrig {
namespace {

TEST(OpInfos, name_every_alternative_once_and_at_its_place) {
  std::set<std::string_view> names;
  for (const OpInfo& info : op_infos()) {
    EXPECT_FALSE(info.doc.empty()) << info.name;
    names.insert(info.name);
  }
  EXPECT_EQ(names.size(), std::variant_size_v<OpBody>);
  EXPECT_EQ(op_info(OpBody(AddCgroup{})).name, "add_cgroup");
  EXPECT_EQ(op_info(OpBody(CaptureCgroupProcs{})).name, "capture_cgroup_procs");
  EXPECT_EQ(op_info(OpBody(Spawn{})).name, "spawn");
  EXPECT_EQ(op_info(OpBody(KillPayload{})).name, "kill_payload");
  EXPECT_EQ(op_info(OpBody(WriteKernelCold{})).name, "write_kernel_cold");
  EXPECT_EQ(op_info(OpBody(SteerIrq{})).name, "steer_irq");
  EXPECT_EQ(op_info(OpBody(SchedCommand{})).name, "sched_command");
}

TEST(WorkTypes, have_distinct_names_and_positive_group_sizes) {
  std::set<std::string_view> names;
  for (const WorkTypeInfo& info : work_types()) {
    EXPECT_GE(info.group_size, 1U) << info.name;
    names.insert(info.name);
  }
  EXPECT_EQ(names.size(), kWorkTypeCount);
}

} // namespace
} // namespace schedrig

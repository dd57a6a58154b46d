// SPDX-License-Identifier: MIT
// Which task a scenario's worker is, by the books and the machine's own /proc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/engine/worker_targets.hpp"
#include "tests/unit/engine/op_test.hpp"

namespace schedrig::engine {
namespace {

using testing::HasSubstr;

class WorkerTargets : public OpTest {
 protected:
  void SetUp() override {
    for (const char* name : {"a", "empty"}) {
      Cgroup cgroup;
      cgroup.name = name;
      cgroup.scope = scope_;
      ASSERT_TRUE(books_.add(cgroup));
    }
    add_group("a", {11, 12});
    add_group("", {21});
    add_group("a", {13});
    machine_.files["/proc/13/stat"] =
        "13 (a) (b 1 2) S 1 0 0 0 -1 4194368 21 0 0 0 1 3 0 0 20 0 1 0 453 26288128 1\n";
  }

  void add_group(const std::string& cgroup, std::vector<std::int32_t> pids) {
    WorkerGroup group;
    group.cgroup = cgroup;
    group.scope = scope_;
    group.pids = std::move(pids);
    books_.add_group(group);
  }

  Result<Op> with_tasks(const Op& op) {
    OpContext here = context();
    return with_workers_as_tasks(here, op);
  }
  Result<Op> find(std::uint32_t worker, const std::string& cgroup = "a") {
    const ReadKernelCold read{
        .tag = "t",
        .target = WorkerTarget{.cgroup = cgroup, .worker = worker, .field = "scx.dsq_vtime"},
        .width = U64Width{}};
    return with_tasks({.body = read, .pos = {}});
  }
  void expect_error(const Result<Op>& found, StatusCode code, std::string_view part) {
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, code);
    EXPECT_THAT(found.error().message + found.error().help, HasSubstr(part));
  }
};

TEST_F(WorkerTargets, workers_are_counted_over_the_groups_of_their_cgroup) {
  const auto found = find(2);
  ASSERT_TRUE(found) << found.error().message;
  const auto& task = std::get<TaskTarget>(std::get<ReadKernelCold>(found->body).target);
  EXPECT_EQ(task.pid, 13);
  EXPECT_EQ(task.start_time_ns, 4'530'000'000U);
  EXPECT_EQ(task.field, "scx.dsq_vtime");
}

TEST_F(WorkerTargets, one_too_many_and_an_unknown_cgroup_are_told) {
  expect_error(find(3), StatusCode::kNotFound, "has no worker 3it has workers 0 to 2");
  expect_error(find(0, "empty"), StatusCode::kNotFound, "it has none at all");
  expect_error(find(0, "b"), StatusCode::kNotFound, "\"b\"");
}

TEST_F(WorkerTargets, a_stat_that_is_missing_or_cut_short_is_told) {
  expect_error(find(0), StatusCode::kOs, "worker 0 of cgroup a, field scx.dsq_vtime: ");
  machine_.files["/proc/11/stat"] = "11 (w) S 1 0 0";
  expect_error(find(0), StatusCode::kBadData, "/proc/11/stat: field 22 is missing");
}

TEST_F(WorkerTargets, other_ops_stay_what_they_are) {
  WriteKernelCold write;
  write.writes = {{.target = SymbolTarget{"jiffies_64"}, .value = U32Value{1}}};
  const auto found = with_tasks({.body = write, .pos = {}});
  ASSERT_TRUE(found);
  const auto& target = std::get<WriteKernelCold>(found->body).writes.at(0).target;
  EXPECT_EQ(std::get<SymbolTarget>(target).name, "jiffies_64");
}

} // namespace
} // namespace schedrig::engine

// SPDX-License-Identifier: MIT
// [backend.mock] faults: what a user sees when a machine fails in one way or another.
#include "tests/cli/schedrig_command.hpp"

namespace schedrig {
namespace {

CommandResult run_with(const std::string& faults) {
  const ScenarioFile file(R"(schema = 1
[run]
name = "faults"
scheduler = "fifo"
[machine]
topology = "1n1l2c1t"
[backend.mock]
faults = [ )" + faults + R"( ]
[[step]]
name = "load"
hold = "1s"
[[step.op]]
kind = "add_cgroup"
name = "b"
[[step.cgroup]]
name = "a"
work = [ { type = "spin", workers = 3 } ]
)");
  return schedrig({"run", file.path()});
}

bool says(const CommandResult& result, const std::string& text) {
  const bool found = (result.out + result.err).find(text) != std::string::npos;
  if (!found) {
    ADD_FAILURE() << "\"" << text << "\" is not in\n" << result.out << result.err;
  }
  return found;
}

TEST(MockFaults, a_write_that_fails_is_told_with_file_and_errno) {
  const CommandResult result =
      run_with(R"({ file_write = "cgroup.procs", errno = "EBUSY", nth = 2 })");
  EXPECT_EQ(result.exit_code, 1);
  says(result, "to /sys/fs/cgroup/schedrig/a/cgroup.procs: Device or resource busy (EBUSY)");
  EXPECT_EQ(run_with(R"({ file_write = "cgroup.procs", errno = "EBUSY", nth = 99 })").exit_code, 0);
  EXPECT_EQ(run_with(R"({ at = "1h", file_write = "cgroup.procs" })").exit_code, 0);
}

TEST(MockFaults, a_worker_that_dies_is_stuck) {
  const CommandResult result = run_with(R"({ at = "500ms", kill_worker = 2 })");
  EXPECT_EQ(result.exit_code, 1);
  says(result, "cause: check not_stuck: worker 1 (spin, pid");
  says(result, "did not end when asked (wait status 9)");
}

TEST(MockFaults, a_scheduler_exits_with_the_kind_that_was_asked_for) {
  const CommandResult result = run_with(R"({ at = "500ms", scheduler_exit = "error_bpf" })");
  EXPECT_EQ(result.exit_code, 1);
  says(result, "cause: step 1 \"load\", hold: scheduler \"fifo\" exited by itself at 500 ms: "
               "SCX_EXIT_ERROR_BPF");
}

TEST(MockFaults, a_lost_machine_is_infrastructure) {
  const CommandResult result = run_with(R"({ at = "500ms", machine_lost = true })");
  EXPECT_EQ(result.exit_code, 5);
  says(result, "the machine failed: lost, as [backend.mock] faults asks for");
}

TEST(MockFaults, slow_files_run_into_the_deadline) {
  const CommandResult result = run_with(R"({ slow_files = "10min" })");
  EXPECT_EQ(result.exit_code, 124);
  says(result, "the run's deadline passed");
}

TEST(MockFaults, wrong_ones_are_refused) {
  const CommandResult none = run_with(R"({ at = "1s" })");
  EXPECT_NE(none.exit_code, 0);
  says(none, "[backend.mock] faults[0]: it names no fault");
  says(run_with(R"({ file_write = "a", machine_lost = true })"),
       "faults[0]: it names file_write and machine_lost");
  says(run_with(R"({ file_write = "a", errno = "EOOPS" })"), "\"EOOPS\" is no errno");
  says(run_with(R"({ scheduler_exit = "boredom" })"), "\"boredom\" is no exit kind");
  says(run_with(R"({ late_vcpu = 1, by = "50ms" })"),
       "late_vcpu needs schedrig.vcpus/1, which backend \"mock\" does not have");
}

} // namespace
} // namespace schedrig

// SPDX-License-Identifier: MIT
// [backend.mock] faults: what a user sees when a machine fails in one way or another.
#include "tests/cli/schedrig_command.hpp"

namespace schedrig {
namespace {

CommandResult run_with(const std::string& faults, const std::string& sections = "") {
  const ScenarioFile file(R"(schema = 1
[run]
name = "faults"
scheduler = "fifo"
[machine]
topology = "1n1l2c1t"
[backend.mock]
faults = [ )" + faults + R"( ]
)" + sections + R"(
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
  says(result, "cause: step 1 \"load\", hold: scheduler \"fifo\" was ejected at 500 ms: "
               "SCX_EXIT_ERROR_BPF");
}

TEST(MockFaults, a_lost_machine_is_infrastructure) {
  const CommandResult result = run_with(R"({ at = "500ms", machine_lost = true })");
  EXPECT_EQ(result.exit_code, 5);
  says(result, "the machine failed: lost, as [backend.mock] faults asks for");
}

TEST(MockFaults, a_kernel_that_warns_fails_the_run_at_its_end) {
  const CommandResult result = run_with(
      R"({ at = "500ms", console_line = "WARNING: CPU: 0 PID: 1 at kernel/sched/core.c:1 x" })");
  EXPECT_EQ(result.exit_code, 1);
  says(result, "kernel WARN: WARNING: CPU: 0 PID: 1 at kernel/sched/core.c:1 x");
  says(result, "cause: check kernel_log: WARN at 500 ms: WARNING: CPU: 0 PID: 1");
}

TEST(MockFaults, a_kernel_that_cannot_go_on_ends_the_run_at_once) {
  const std::string bug =
      R"({ at = "500ms", console_line = "kernel BUG at kernel/sched/core.c:1!" })";
  const CommandResult result = run_with(bug);
  EXPECT_EQ(result.exit_code, 1);
  says(result, "step 1 \"load\", hold: the kernel: BUG: kernel BUG at kernel/sched/core.c:1!");
  // Only told where nobody asks for a verdict.
  const CommandResult told = run_with(bug, "[checks]\nkernel_log = false\n");
  EXPECT_EQ(told.exit_code, 0);
  says(told, "kernel BUG: kernel BUG at kernel/sched/core.c:1!");
}

TEST(MockFaults, slow_files_run_into_the_deadline) {
  const CommandResult result = run_with(R"({ slow_files = "10min" })");
  EXPECT_EQ(result.exit_code, 124);
  says(result, "the run's deadline passed");
}

// Checked, and not made: the machine itself is left out.
CommandResult check_with(const std::string& faults) {
  const ScenarioFile file("schema = 1\n[run]\nscheduler = \"fifo\"\n[backend.mock]\nfaults = [\n" +
                          faults + "\n]\n[[step]]\nhold = \"1s\"\n");
  return schedrig({"check", "--skip", "host", file.path()});
}

TEST(MockFaults, wrong_ones_are_found_at_their_places) {
  const CommandResult none = check_with(R"({ at = "1s" })");
  EXPECT_EQ(none.exit_code, 2);
  says(none, ":6:3: error: [backend.mock] faults[0]: it names no fault");
  says(check_with(R"({ file_write = "a", machine_lost = true })"),
       ":6:3: error: [backend.mock] faults[0]: it names file_write and machine_lost");
  says(check_with("{ kill_worker = 1 },\n{ file_write = \"a\", errno = \"EOOPS\" }"),
       ":7:29: error: [backend.mock] faults[1]: \"EOOPS\" is no errno");
  says(check_with(R"({ scheduler_exit = "boredom" })"),
       ":6:20: error: [backend.mock] faults[0]: \"boredom\" is no exit kind");
  says(check_with(R"({ late_vcpu = 512 })"), ":6:15: error: ");
}

TEST(MockFaults, all_wrong_ones_are_told_at_once) {
  const CommandResult both =
      check_with("{ errno = \"EOOPS\", file_write = \"a\" },\n{ at = \"1s\" }");
  says(both, ":6:11: error: [backend.mock] faults[0]: \"EOOPS\"");
  says(both, ":7:3: error: [backend.mock] faults[1]: it names no fault");
}

TEST(MockFaults, a_run_refuses_them_too) {
  const CommandResult result = run_with(R"({ scheduler_exit = "boredom" })");
  EXPECT_EQ(result.exit_code, 2);
  says(result, "\"boredom\" is no exit kind");
}

} // namespace
} // namespace schedrig

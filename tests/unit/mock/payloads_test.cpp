// SPDX-License-Identifier: MIT
// The payloads facet of the mock machine: what a simulated program costs and how it ends.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

constexpr Nanos kMs = 1'000'000;
constexpr Nanos kSecond = 1000 * kMs;

struct Ended final : PayloadReportSink {
  void on_report(const PayloadReport& report) noexcept override {
    ++reports;
    last = report;
    out = report.stdout_text;
    err = report.stderr_text;
  }
  int reports = 0;
  PayloadReport last;
  std::string out;
  std::string err;
};

class Payload {
 public:
  Payload(TestMachine& machine, std::string_view binary,
          const std::vector<std::string_view>& args = {})
      : machine_(machine) {
    const PayloadSpec spec{.name = "test", .binary = binary, .args = args};
    const Status status = machine.payloads().spawn(spec, &id_, &pid_);
    EXPECT_TRUE(status.ok()) << status.message;
  }
  [[nodiscard]] std::uint32_t id() const { return id_; }
  [[nodiscard]] std::int32_t pid() const { return pid_; }
  void enter(const std::string& cgroup) {
    EXPECT_EQ(machine_.write(cgroup + "/cgroup.procs", std::to_string(pid_)), 0);
  }
  void start() { EXPECT_TRUE(machine_.payloads().start(id_).ok()); }
  PayloadWake wait(Nanos at_most) {
    PayloadWake why = PayloadWake::kEvent;
    EXPECT_TRUE(machine_.payloads().wait(id_, machine_.now() + at_most, &why).ok());
    return why;
  }
  Ended collect() {
    Ended ended;
    const Status status = machine_.payloads().collect(id_, ended);
    EXPECT_TRUE(status.ok()) << status.message;
    EXPECT_EQ(ended.reports, 1);
    return ended;
  }
  Ended kill() {
    Ended ended;
    const Status status = machine_.payloads().kill(id_, ended);
    EXPECT_TRUE(status.ok()) << status.message;
    EXPECT_EQ(ended.reports, 1);
    return ended;
  }

 private:
  TestMachine& machine_;
  std::uint32_t id_ = 0;
  std::int32_t pid_ = 0;
};

TEST(Payloads, a_program_consumes_the_cpu_time_that_it_runs_for) {
  TestMachine machine(2);
  Payload spin(machine, "spin", {"2"});
  spin.start();
  EXPECT_EQ(spin.wait(10 * kSecond), PayloadWake::kExited);
  const Ended ended = spin.collect();
  EXPECT_EQ(ended.last.pid, spin.pid());
  EXPECT_TRUE(WIFEXITED(ended.last.wait_status));
  EXPECT_EQ(WEXITSTATUS(ended.last.wait_status), 0);
  EXPECT_GE(ended.last.cpu_ns, 2 * kSecond);
  EXPECT_LE(ended.last.cpu_ns, 2 * kSecond + 10 * kMs);
  EXPECT_GE(ended.last.ended_ns - ended.last.started_ns, ended.last.cpu_ns);
}

TEST(Payloads, two_on_one_cpu_take_twice_as_long) {
  TestMachine machine(1);
  Payload one(machine, "spin", {"1"});
  Payload two(machine, "spin", {"1"});
  one.start();
  two.start();
  EXPECT_EQ(one.wait(10 * kSecond), PayloadWake::kExited);
  EXPECT_EQ(two.wait(10 * kSecond), PayloadWake::kExited);
  EXPECT_GT(machine.now(), 2 * kSecond);
  EXPECT_EQ(one.collect().last.wait_status, 0);
  EXPECT_EQ(two.collect().last.wait_status, 0);
}

class NoProblems final : public ParamProblemSink {
 public:
  void on_problem(std::string_view key, const Status& status) noexcept override {
    ADD_FAILURE() << key << ": " << status.message;
  }
};

TEST(Payloads, cycles_of_running_and_sleeping_add_up) {
  Programs programs;
  const std::vector<ParamValue> params = {
      {.type = ParamType::kString, .key = "programs[0].name", .text = "bench"},
      {.type = ParamType::kDuration, .key = "programs[0].runs", .integer = 10 * kMs, .text = {}},
      {.type = ParamType::kDuration, .key = "programs[0].sleeps", .integer = 30 * kMs, .text = {}},
      {.type = ParamType::kInteger, .key = "programs[0].cycles", .integer = 10, .text = {}},
      {.type = ParamType::kInteger, .key = "programs[0].exit_code", .integer = 3, .text = {}},
      {.type = ParamType::kString, .key = "programs[0].output[0]", .text = "p99_us=12"}};
  NoProblems none;
  programs.declare(params, none);
  TestMachine machine(Topology::uniform(1, 1, 1, 1), 1, std::move(programs));
  Payload bench(machine, "schedulers/bench");
  bench.start();
  EXPECT_EQ(bench.wait(10 * kSecond), PayloadWake::kExited);
  const Ended ended = bench.collect();
  EXPECT_EQ(WEXITSTATUS(ended.last.wait_status), 3);
  EXPECT_EQ(ended.out, "p99_us=12\n");
  EXPECT_GE(ended.last.cpu_ns, 100 * kMs);
  EXPECT_LE(ended.last.cpu_ns, 110 * kMs);
  EXPECT_GE(ended.last.ended_ns - ended.last.started_ns, 400 * kMs);
  EXPECT_LE(ended.last.ended_ns - ended.last.started_ns, 420 * kMs);
}

TEST(Payloads, exit_codes_and_both_streams_are_reported) {
  TestMachine machine(1);
  Payload no(machine, "false");
  no.start();
  EXPECT_EQ(no.wait(kSecond), PayloadWake::kExited);
  EXPECT_EQ(no.collect().last.wait_status, 1 << 8);
  Payload echo(machine, "echo", {"hello"});
  echo.start();
  EXPECT_EQ(echo.wait(kSecond), PayloadWake::kExited);
  EXPECT_EQ(echo.collect().out, "hello\n");
  Payload sleep(machine, "sleep", {"soon"});
  sleep.start();
  EXPECT_EQ(sleep.wait(kSecond), PayloadWake::kExited);
  const Ended ended = sleep.collect();
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(ended.err, "sleep: invalid time interval 'soon'\n");
}

TEST(Payloads, long_output_is_cut_and_marked) {
  TestMachine machine(1);
  const std::string word(kMaxPayloadArgBytes, 'w');
  const std::vector<std::string_view> args(kMaxPayloadArgs, word);
  Payload echo(machine, "echo", args);
  echo.start();
  EXPECT_EQ(echo.wait(kSecond), PayloadWake::kExited);
  const Ended ended = echo.collect();
  EXPECT_EQ(ended.out.size(), kMaxPayloadStdout);
  EXPECT_EQ(ended.last.stdout_truncated, 1U);
  EXPECT_EQ(ended.last.stderr_truncated, 0U);
}

TEST(Payloads, a_wait_ends_at_its_deadline_and_the_program_goes_on) {
  TestMachine machine(1);
  Payload sleep(machine, "sleep", {"1"});
  sleep.start();
  const Nanos before = machine.now();
  EXPECT_EQ(sleep.wait(100 * kMs), PayloadWake::kDeadline);
  EXPECT_EQ(machine.now(), before + 100 * kMs);
  Ended none;
  EXPECT_EQ(machine.payloads().collect(sleep.id(), none).code, StatusCode::kInvalidArgument);
  EXPECT_EQ(none.reports, 0);
  EXPECT_EQ(sleep.wait(2 * kSecond), PayloadWake::kExited);
  EXPECT_EQ(sleep.wait(0), PayloadWake::kExited) << "as often as wanted";
  EXPECT_EQ(sleep.collect().last.wait_status, 0);
}

TEST(Payloads, an_interrupt_ends_a_wait) {
  TestMachine machine(1);
  Payload sleep(machine, "sleep", {"1"});
  sleep.start();
  machine.machine().interrupt();
  EXPECT_EQ(sleep.wait(10 * kSecond), PayloadWake::kInterrupted);
  EXPECT_LT(machine.now(), kSecond);
  EXPECT_EQ(sleep.wait(10 * kSecond), PayloadWake::kExited);
  EXPECT_EQ(sleep.collect().last.wait_status, 0);
}

TEST(Payloads, a_killed_one_ends_by_sigkill_and_has_said_nothing) {
  TestMachine machine(1);
  Payload spin(machine, "spin");
  spin.start();
  EXPECT_EQ(spin.wait(50 * kMs), PayloadWake::kDeadline);
  const Ended ended = spin.kill();
  EXPECT_TRUE(WIFSIGNALED(ended.last.wait_status));
  EXPECT_EQ(WTERMSIG(ended.last.wait_status), SIGKILL);
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(machine.read("/proc/" + std::to_string(spin.pid()) + "/stat").error, ENOENT);
}

TEST(Payloads, one_that_has_ended_by_itself_keeps_its_status_when_killed) {
  TestMachine machine(1);
  Payload no(machine, "false");
  no.start();
  machine.run_for(kSecond);
  EXPECT_EQ(no.kill().last.wait_status, 1 << 8);
}

TEST(Payloads, executes_nothing_before_its_start_and_all_of_it_in_its_cgroup) {
  TestMachine machine(2);
  const std::string cgroup = kCgroups + "/a";
  ASSERT_EQ(machine.write(kCgroups + "/cgroup.subtree_control", "+cpuset"), 0);
  ASSERT_EQ(machine.mkdir(cgroup), 0);
  ASSERT_EQ(machine.write(cgroup + "/cpuset.cpus", "1"), 0);
  Payload spin(machine, "spin", {"0.1"});
  machine.run_for(kSecond);
  spin.enter(cgroup);
  EXPECT_EQ(machine.read(cgroup + "/cgroup.procs").data, std::to_string(spin.pid()) + "\n");
  spin.start();
  EXPECT_EQ(spin.wait(kSecond), PayloadWake::kExited);
  const Ended ended = spin.collect();
  EXPECT_GE(ended.last.started_ns, kSecond);
  EXPECT_LE(ended.last.cpu_ns, 110 * kMs);
  EXPECT_EQ(machine.rmdir(cgroup), 0);
}

TEST(Payloads, a_frozen_one_stands_still_and_can_be_killed) {
  TestMachine machine(1);
  const std::string cgroup = kCgroups + "/a";
  ASSERT_EQ(machine.mkdir(cgroup), 0);
  Payload spin(machine, "spin", {"0.1"});
  spin.enter(cgroup);
  ASSERT_EQ(machine.write(cgroup + "/cgroup.freeze", "1"), 0);
  spin.start();
  EXPECT_EQ(spin.wait(kSecond), PayloadWake::kDeadline);
  EXPECT_EQ(WTERMSIG(spin.kill().last.wait_status), SIGKILL);
}

TEST(Payloads, one_that_was_never_started_can_be_killed) {
  TestMachine machine(1);
  Payload echo(machine, "echo", {"hello"});
  const Ended ended = echo.kill();
  EXPECT_EQ(WTERMSIG(ended.last.wait_status), SIGKILL);
  EXPECT_EQ(ended.last.started_ns, 0);
  EXPECT_EQ(ended.last.cpu_ns, 0);
}

TEST(Payloads, unknown_ended_and_twice_started_ones_are_refused) {
  TestMachine machine(1);
  Ended none;
  PayloadWake why = PayloadWake::kEvent;
  EXPECT_EQ(machine.payloads().start(7).code, StatusCode::kNotFound);
  EXPECT_EQ(machine.payloads().wait(7, 0, &why).code, StatusCode::kNotFound);
  EXPECT_EQ(machine.payloads().collect(7, none).code, StatusCode::kNotFound);
  EXPECT_EQ(machine.payloads().kill(7, none).code, StatusCode::kNotFound);
  Payload yes(machine, "true");
  yes.start();
  EXPECT_EQ(machine.payloads().start(yes.id()).code, StatusCode::kInvalidArgument);
  yes.kill();
  EXPECT_EQ(machine.payloads().kill(yes.id(), none).code, StatusCode::kNotFound);
}

TEST(Payloads, too_many_or_too_long_arguments_are_refused_and_leave_nothing) {
  TestMachine machine(1);
  const std::string before = machine.file(FileOpKind::kList, "/proc").data;
  const std::vector<std::string_view> many(kMaxPayloadArgs + 1, "a");
  const std::string longest(kMaxPayloadArgBytes + 1, 'a');
  const std::vector<std::string_view> one = {longest};
  std::uint32_t id = 0;
  std::int32_t pid = 0;
  for (const auto* args : {&many, &one}) {
    const PayloadSpec spec{.name = "p", .binary = "echo", .args = *args};
    EXPECT_EQ(machine.payloads().spawn(spec, &id, &pid).code, StatusCode::kInvalidArgument);
  }
  const PayloadSpec unknown{.name = "p", .binary = "no-such", .args = {}};
  EXPECT_EQ(machine.payloads().spawn(unknown, &id, &pid).code, StatusCode::kNotFound);
  EXPECT_EQ(machine.file(FileOpKind::kList, "/proc").data, before);
}

TEST(Payloads, a_shut_down_ends_those_that_run) {
  TestMachine machine(1);
  Payload spin(machine, "spin");
  spin.start();
  machine.run_for(kMs);
  ASSERT_TRUE(machine.machine().shut_down(kSecond).ok());
  Ended none;
  EXPECT_FALSE(machine.payloads().kill(spin.id(), none).ok());
}

} // namespace
} // namespace schedrig::mock::test

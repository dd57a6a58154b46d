// SPDX-License-Identifier: MIT
// The payloads facet from the host's side to real programs on this machine.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent_process.hpp"

namespace schedrig::kvm {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kLongNs = 10'000 * kMs;

struct Reports final : PayloadReportSink {
  void on_report(const PayloadReport& report) noexcept override {
    ++count;
    last = report; // its views are stale: use the copies
    out = report.stdout_text;
    err = report.stderr_text;
  }
  int count = 0;
  PayloadReport last;
  std::string out;
  std::string err;
};

// Pipes that this test itself was given.
std::size_t inherited_pipes() {
  std::size_t pipes = 0;
  for (const auto& each : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    pipes += fs::read_symlink(each.path(), gone).string().starts_with("pipe:") ? 1 : 0;
  }
  return pipes;
}

class Payloads : public ::testing::Test {
 protected:
  Status try_spawn(const std::string& binary, const std::vector<std::string>& args = {},
                   const std::vector<std::string>& files = {}) {
    const std::vector<std::string_view> views(args.begin(), args.end());
    const std::vector<std::string_view> file_views(files.begin(), files.end());
    const PayloadSpec spec{.name = "test", .binary = binary, .args = views, .files = file_views};
    return agent_.payloads.spawn(spec, &payload_, &pid_);
  }
  void spawn(const std::string& binary, const std::vector<std::string>& args = {}) {
    const Status status = try_spawn(binary, args);
    ASSERT_TRUE(status.ok()) << status.message;
    EXPECT_GT(pid_, 0);
  }
  void start() {
    const Status status = agent_.payloads.start(payload_);
    ASSERT_TRUE(status.ok()) << status.message;
  }
  PayloadWake wait(std::int64_t for_ns = kLongNs) {
    PayloadWake why = PayloadWake::kEvent;
    const Status status = agent_.payloads.wait(payload_, agent_.clock.now_ns() + for_ns, &why);
    EXPECT_TRUE(status.ok()) << status.message;
    return why;
  }
  Reports collect() {
    Reports reports;
    const Status status = agent_.payloads.collect(payload_, reports);
    EXPECT_TRUE(status.ok()) << status.message;
    EXPECT_EQ(reports.count, 1);
    return reports;
  }
  Reports kill() {
    Reports reports;
    const Status status = agent_.payloads.kill(payload_, reports);
    EXPECT_TRUE(status.ok()) << status.message;
    return reports;
  }
  Reports run(const std::string& binary, const std::vector<std::string>& args = {}) {
    spawn(binary, args);
    start();
    EXPECT_EQ(wait(), PayloadWake::kExited);
    return collect();
  }
  Reports run_shell(const std::string& script) { return run("/bin/sh", {"-c", script}); }

  // A file of this test's own on the host.
  std::string host_file(const std::string& name, const std::string& text, mode_t mode) {
    const std::string path = host_.path() + "/" + name;
    std::ofstream(path) << text;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }

  StageRoot host_;
  AgentProcess agent_;
  std::uint32_t payload_ = 0;
  std::int32_t pid_ = 0;
};

TEST_F(Payloads, a_program_runs_with_its_arguments_and_reports_what_it_printed) {
  const Reports reports = run("echo", {"-n", "a b", "c"});
  EXPECT_EQ(reports.out, "a b c");
  EXPECT_EQ(reports.err, "");
  EXPECT_EQ(reports.last.wait_status, 0);
  EXPECT_EQ(reports.last.pid, pid_);
  EXPECT_EQ(reports.last.stdout_truncated, 0U);
  EXPECT_GT(reports.last.started_ns, 0);
  EXPECT_GE(reports.last.ended_ns, reports.last.started_ns);
  EXPECT_LE(reports.last.ended_ns, agent_.clock.now_ns() + 50 * kMs);
}

TEST_F(Payloads, the_program_and_its_libraries_are_staged_as_they_are_here) {
  run("/usr/bin/true");
  for (const char* file : {"/usr/bin/true", "/lib64/ld-linux-x86-64.so.2"}) {
    const std::string staged = agent_.stage_root.path() + file;
    ASSERT_TRUE(fs::exists(staged)) << staged;
    EXPECT_EQ(fs::file_size(staged), fs::file_size(file));
    EXPECT_FALSE(fs::exists(staged + ".part"));
  }
  EXPECT_NE(fs::status(agent_.stage_root.path() + "/usr/bin/true").permissions() &
                fs::perms::owner_exec,
            fs::perms::none);
  bool libc = false;
  for (const auto& each : fs::recursive_directory_iterator(agent_.stage_root.path())) {
    libc = libc || each.path().filename() == "libc.so.6";
  }
  EXPECT_TRUE(libc);
}

TEST_F(Payloads, what_else_it_needs_is_staged_a_program_with_its_libraries) {
  const std::string data = host_file("data.json", "{}", 0644);
  const Status status = try_spawn("true", {}, {data, "/usr/bin/rt-app"});
  ASSERT_TRUE(status.ok()) << status.message;
  EXPECT_TRUE(fs::exists(agent_.stage_root.path() + data));
  EXPECT_TRUE(fs::exists(agent_.stage_root.path() + "/usr/bin/rt-app"));
  std::set<std::string> names;
  for (const auto& each : fs::recursive_directory_iterator(agent_.stage_root.path())) {
    names.insert(each.path().filename());
  }
  EXPECT_TRUE(names.contains("libjson-c.so.5"));
  EXPECT_TRUE(names.contains("libgcc_s.so.1")) << "for pthread_exit";
  const Status missing = try_spawn("true", {}, {"/nonexistent/data"});
  EXPECT_EQ(missing.code, StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message), HasSubstr("/nonexistent/data"));
}

TEST_F(Payloads, exit_status_stderr_and_cpu_time_are_its_own) {
  const Reports reports =
      run_shell("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo why >&2; exit 7");
  EXPECT_TRUE(WIFEXITED(reports.last.wait_status));
  EXPECT_EQ(WEXITSTATUS(reports.last.wait_status), 7);
  EXPECT_EQ(reports.err, "why\n");
  EXPECT_GT(reports.last.cpu_ns, 0);
}

TEST_F(Payloads, it_sees_a_plain_environment_no_input_and_the_root_directory) {
  const Reports reports = run_shell("echo $HOME $PWD; cat; ulimit -c >/dev/null; echo $PATH");
  EXPECT_EQ(reports.out, "/ /\n/usr/local/bin:/usr/bin:/bin\n");
}

TEST_F(Payloads, it_leads_a_process_group_and_holds_no_descriptor_of_the_agent) {
  spawn("/bin/sh", {"-c", "ls -l /proc/$$/fd; sleep 1000"});
  start();
  EXPECT_EQ(wait(200 * kMs), PayloadWake::kDeadline);
  EXPECT_EQ(::getpgid(pid_), pid_);
  const Reports reports = kill();
  EXPECT_THAT(reports.out, HasSubstr("0 -> /dev/null"));
  EXPECT_THAT(reports.out, ::testing::Not(HasSubstr("signalfd")));
  std::size_t pipes = 0; // stdout and stderr
  for (auto at = reports.out.find("pipe:"); at != std::string::npos;
       at = reports.out.find("pipe:", at + 1)) {
    ++pipes;
  }
  EXPECT_GE(pipes, 2U);
  EXPECT_LE(pipes, 2U + inherited_pipes());
}

TEST_F(Payloads, a_crash_is_reported_by_its_signal) {
  const Reports reports = run_shell("kill -SEGV $$");
  EXPECT_TRUE(WIFSIGNALED(reports.last.wait_status));
  EXPECT_EQ(WTERMSIG(reports.last.wait_status), SIGSEGV);
}

TEST_F(Payloads, one_that_is_asked_to_end_may_say_its_last_words) {
  spawn("/bin/sh", {"-c", "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.01; done"});
  start();
  EXPECT_EQ(wait(500 * kMs), PayloadWake::kDeadline) << "the trap is set by now";
  EXPECT_FALSE(agent_.payloads.has_ended(payload_));
  ASSERT_TRUE(agent_.payloads.terminate(payload_));
  EXPECT_EQ(wait(), PayloadWake::kExited);
  EXPECT_TRUE(agent_.payloads.has_ended(payload_));
  EXPECT_TRUE(agent_.payloads.terminate(payload_)) << "nobody is there any more";
  const Reports reports = collect();
  EXPECT_EQ(reports.out, "up\nbye\n");
  EXPECT_EQ(WEXITSTATUS(reports.last.wait_status), 3);
  EXPECT_FALSE(agent_.payloads.terminate(payload_)) << "it is forgotten";
}

TEST_F(Payloads, a_flood_keeps_the_beginning_of_stdout_and_the_end_of_stderr) {
  const Reports reports = run_shell("echo first; head -c 3000000 /dev/zero | tr '\\0' x; "
                                    "head -c 100000 /dev/zero | tr '\\0' y >&2; echo last >&2");
  EXPECT_EQ(reports.out.size(), kMaxPayloadStdout);
  EXPECT_TRUE(reports.out.starts_with("first\nxxx"));
  EXPECT_EQ(reports.last.stdout_truncated, 1U);
  EXPECT_EQ(reports.err.size(), kMaxPayloadStderr);
  EXPECT_TRUE(reports.err.ends_with("yyylast\n"));
  EXPECT_EQ(reports.last.stderr_truncated, 1U);
  EXPECT_EQ(reports.last.wait_status, 0);
}

TEST_F(Payloads, one_that_floods_for_ever_leaves_the_agent_to_answer_and_is_killed) {
  spawn("/bin/sh", {"-c", "while :; do echo flood; done"});
  start();
  EXPECT_EQ(wait(100 * kMs), PayloadWake::kDeadline);
  const Reports reports = kill();
  EXPECT_EQ(WTERMSIG(reports.last.wait_status), SIGKILL);
  EXPECT_TRUE(reports.out.starts_with("flood\n"));
}

// The agent waits for the worker's grace; a pipe that nobody reads takes 64 KiB.
TEST_F(Payloads, one_that_floods_while_a_group_stops_does_not_stand_still) {
  struct Pids final : PidSink {
    void on_pid(std::uint32_t /*worker*/, std::int32_t pid) noexcept override { last = pid; }
    pid_t last = -1;
  } worker;
  struct Unused final : WorkerReportSink {
    void on_report(const WorkerReport& /*report*/) noexcept override {}
  } unused;
  std::uint32_t group = 0;
  ASSERT_TRUE(
      agent_.tasks.spawn({.type = WorkType::kSpin, .workers = 1, .cpus = {}}, &group, worker).ok());
  ASSERT_TRUE(agent_.tasks.start(group).ok());
  ASSERT_EQ(::kill(worker.last, SIGSTOP), 0);
  const std::string written = host_.path() + "/written";
  spawn("/bin/sh", {"-c", "head -c 300000 /dev/zero; : > " + written});
  start();
  EXPECT_TRUE(agent_.tasks.stop(group, 2000 * kMs, unused).ok());
  EXPECT_TRUE(fs::exists(written));
  EXPECT_EQ(wait(), PayloadWake::kExited);
  EXPECT_EQ(collect().out.size(), 300'000U);
}

TEST_F(Payloads, what_it_has_printed_by_then_is_reported_when_the_guest_dies) {
  spawn("/bin/sh", {"-c", "echo early; echo why >&2; echo last words; sleep 1000"});
  start();
  EXPECT_EQ(wait(300 * kMs), PayloadWake::kDeadline);
  agent_.channel.close();
  Reports reports;
  EXPECT_EQ(agent_.payloads.kill(payload_, reports).code, StatusCode::kGuestFailed);
  EXPECT_EQ(reports.count, 1);
  EXPECT_EQ(reports.out, "early\nlast words\n");
  EXPECT_EQ(reports.err, "why\n");
}

TEST_F(Payloads, one_that_never_ends_is_waited_for_until_the_deadline_and_killed) {
  spawn("sleep", {"1000"});
  start();
  const std::int64_t before = agent_.clock.now_ns();
  EXPECT_EQ(wait(50 * kMs), PayloadWake::kDeadline);
  EXPECT_GE(agent_.clock.now_ns() - before, 50 * kMs);
  Reports reports;
  EXPECT_EQ(agent_.payloads.collect(payload_, reports).code, StatusCode::kInvalidArgument);
  EXPECT_EQ(WTERMSIG(kill().last.wait_status), SIGKILL);
  EXPECT_EQ(::kill(pid_, 0), -1);
}

TEST_F(Payloads, what_it_leaves_behind_in_its_process_group_is_killed) {
  spawn("/bin/sh", {"-c", "sleep 1000 & echo $!"});
  start();
  EXPECT_EQ(wait(), PayloadWake::kExited);
  const Reports reports = collect();
  const pid_t child = std::stoi(reports.out);
  const Deadline deadline = soon();
  while (::kill(child, 0) == 0 && std::chrono::steady_clock::now() < deadline) {
    std::ifstream stat("/proc/" + std::to_string(child) + "/stat");
    std::string pid;
    std::string name;
    std::string state;
    stat >> pid >> name >> state;
    if (state == "Z") { // nobody here reaps orphans
      break;
    }
  }
  EXPECT_LT(std::chrono::steady_clock::now(), deadline);
}

TEST_F(Payloads, one_that_was_never_started_is_killed_and_has_done_nothing) {
  spawn("echo", {"x"});
  const Reports reports = kill();
  EXPECT_EQ(reports.last.started_ns, 0);
  EXPECT_EQ(reports.out, "");
}

TEST_F(Payloads, two_run_at_once_and_end_in_any_order) {
  spawn("sleep", {"1000"});
  start();
  const std::uint32_t first = payload_;
  run("true");
  payload_ = first;
  EXPECT_EQ(wait(kMs), PayloadWake::kDeadline);
  kill();
}

TEST_F(Payloads, workers_and_payloads_do_not_take_each_others_ends) {
  struct Nobody final : PidSink {
    void on_pid(std::uint32_t /*worker*/, std::int32_t /*pid*/) noexcept override {}
  } nobody;
  std::uint32_t group = 0;
  ASSERT_TRUE(agent_.tasks.spawn(default_work(WorkType::kForkExit), &group, nobody).ok());
  ASSERT_TRUE(agent_.tasks.start(group).ok());
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(run("true").last.wait_status, 0);
  }
  struct Count final : WorkerReportSink {
    void on_report(const WorkerReport& report) noexcept override { completed += report.completed; }
    std::uint32_t completed = 0;
  } count;
  ASSERT_TRUE(agent_.tasks.stop(group, kLongNs, count).ok());
  EXPECT_EQ(count.completed, 1U);
}

TEST_F(Payloads, a_script_brings_its_interpreter) {
  const Reports reports = run(host_file("script", "#!/bin/sh\necho \"$1\"\n", 0755), {"said"});
  EXPECT_EQ(reports.out, "said\n");
  EXPECT_TRUE(fs::exists(agent_.stage_root.path() + "/bin/sh"));
}

TEST_F(Payloads, a_program_that_the_guest_cannot_execute_ends_with_127_and_says_why) {
  // The agent of the tests executes this machine's files: this one changes after it was staged.
  const std::string path = host_file("script", "#!/bin/sh\n", 0755);
  spawn(path);
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  start();
  EXPECT_EQ(wait(), PayloadWake::kExited);
  const Reports reports = collect();
  EXPECT_EQ(WEXITSTATUS(reports.last.wait_status), 127);
  EXPECT_THAT(reports.err, HasSubstr("cannot execute " + path + ": Permission denied"));
}

TEST_F(Payloads, programs_that_cannot_be_are_refused_with_the_reason) {
  const auto refused = [&](const std::string& binary, StatusCode code, const std::string& why) {
    const Status status = try_spawn(binary);
    EXPECT_EQ(status.code, code) << status.message;
    EXPECT_THAT(std::string(status.message), HasSubstr(why));
  };
  refused("there-is-no-such-program", StatusCode::kNotFound, "in no directory of PATH");
  refused("/no/such/program", StatusCode::kNotFound, "/no/such/program does not exist");
  refused("/tmp", StatusCode::kInvalidArgument, "/tmp is no file");
  refused(host_file("text", "text", 0755), StatusCode::kInvalidArgument, "neither");
  refused(host_file("plain", "#!/bin/sh\n", 0644), StatusCode::kInvalidArgument,
          "is not executable");
  refused(host_file("lost", "#!/no/such/shell\n", 0755), StatusCode::kNotFound,
          "the interpreter of the script");
  refused("", StatusCode::kInvalidArgument, "no program");
}

TEST_F(Payloads, unknown_payloads_and_second_starts_are_typed_errors) {
  EXPECT_EQ(agent_.payloads.start(77).code, StatusCode::kNotFound);
  Reports reports;
  EXPECT_EQ(agent_.payloads.collect(77, reports).code, StatusCode::kNotFound);
  EXPECT_EQ(agent_.payloads.kill(77, reports).code, StatusCode::kNotFound);
  PayloadWake why{};
  EXPECT_EQ(agent_.payloads.wait(77, 0, &why).code, StatusCode::kNotFound);
  spawn("sleep", {"1000"});
  start();
  EXPECT_EQ(agent_.payloads.start(payload_).code, StatusCode::kInvalidArgument);
  kill();
  EXPECT_EQ(agent_.payloads.kill(payload_, reports).code, StatusCode::kNotFound);
}

} // namespace
} // namespace schedrig::kvm

// SPDX-License-Identifier: MIT
// Child processes: output, exit codes, deadlines, and that none survives its parent.
#include <array>
#include <cerrno>
#include <csignal>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/process/child_process.hpp"

namespace schedrig {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

ChildRequest shell(const std::string& script, milliseconds deadline = seconds(20)) {
  ChildRequest request;
  request.argv = {"/bin/sh", "-c", script};
  request.deadline = deadline;
  return request;
}

TEST(ChildProcess, both_streams_and_the_exit_code_come_back) {
  const auto outcome = run_child(shell("echo out; echo err >&2; exit 7"));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->out, "out\n");
  EXPECT_EQ(outcome->err, "err\n");
  EXPECT_EQ(outcome->exit_code, 7);
}

TEST(ChildProcess, a_signal_is_128_and_its_number) {
  const auto outcome = run_child(shell("kill -TERM $$"));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->exit_code, 128 + SIGTERM);
}

TEST(ChildProcess, output_is_parsed_so_the_locale_is_c_and_env_overrides) {
  ChildRequest request = shell("echo $LC_ALL $SCHEDRIG_X; pwd");
  request.env = {{"SCHEDRIG_X", "set"}};
  request.working_dir = "/";
  const auto outcome = run_child(request);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->out, "C set\n/\n");
}

TEST(ChildProcess, a_program_that_is_not_there_is_named) {
  ChildRequest request;
  request.argv = {"schedrig-no-such-program"};
  const auto outcome = run_child(request);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, StatusCode::kNotFound);
  EXPECT_NE(outcome.error().message.find("schedrig-no-such-program"), std::string::npos);
}

TEST(ChildProcess, the_deadline_ends_the_child_and_what_it_started) {
  // The grandchild holds the pipe: without the group's kill the call would wait for it.
  const auto start = std::chrono::steady_clock::now();
  const auto outcome = run_child(shell("sleep 600 & sleep 600", milliseconds(200)));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, StatusCode::kTimeout);
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(20));
}

TEST(ChildProcess, a_grandchild_that_keeps_the_pipe_does_not_keep_the_caller) {
  const auto outcome = run_child(shell("sleep 5 & echo done"));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->out, "done\n");
}

TEST(ChildProcess, output_beyond_the_bound_is_read_and_dropped) {
  ChildRequest request = shell("head -c 300000 /dev/zero");
  request.max_output = 1000;
  const auto outcome = run_child(request);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->out.size(), 1000U);
  EXPECT_EQ(outcome->exit_code, 0);
}

TEST(ChildProcess, a_failure_quotes_the_last_lines_of_stderr) {
  const auto outcome = run_child_ok(shell("echo first >&2; echo the reason >&2; exit 3"));
  ASSERT_FALSE(outcome);
  EXPECT_NE(outcome.error().message.find("exit code 3"), std::string::npos);
  EXPECT_NE(outcome.error().message.find("the reason"), std::string::npos);
}

TEST(ChildProcess, sigkill_of_the_parent_ends_the_child) {
  std::array<int, 2> channel{};
  ASSERT_EQ(::pipe(channel.data()), 0);
  const pid_t parent = ::fork();
  ASSERT_GE(parent, 0);
  if (parent == 0) {
    // The grandchild reports its pid through the inherited pipe, then sleeps.
    const std::string fd = std::to_string(channel[1]);
    (void)run_child(shell("echo $$ >&" + fd + "; exec sleep 600", seconds(600)));
    ::_exit(0);
  }
  std::array<char, 32> text{};
  ASSERT_GT(::read(channel[0], text.data(), text.size() - 1), 0);
  const auto child = static_cast<pid_t>(std::stol(text.data()));
  const int watch = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  ASSERT_GE(watch, 0);
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  pollfd polled{watch, POLLIN, 0};
  EXPECT_EQ(::poll(&polled, 1, 20000), 1) << "the child outlived its parent";
  ::close(watch);
  ::close(channel[0]);
  ::close(channel[1]);
}

TEST(LastLines, blank_lines_do_not_count) {
  EXPECT_EQ(last_lines("a\n\nb\n  \nc\n", 2), "b; c");
  EXPECT_EQ(last_lines("", 2), "");
  EXPECT_EQ(last_lines("only", 5), "only");
}

} // namespace
} // namespace schedrig

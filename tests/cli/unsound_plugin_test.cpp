// SPDX-License-Identifier: MIT
// Plugins whose code is broken: what is left to say is said.
#include <chrono>

#include "tests/cli/schedrig_command.hpp"

namespace schedrig {
namespace {

CommandResult run_with(const std::string& scheduler, const std::string& more = "") {
  const ScenarioFile file("schema = 1\n[run]\nscheduler = \"" + scheduler + "\"\n" + more +
                          "[machine]\ntopology = \"1n1l1c1t\"\n[[step]]\nhold = \"200ms\"\n"
                          "[[step.cgroup]]\nname = \"a\"\nwork = [ { type = \"spin\", workers = 2 "
                          "} ]\n");
  return schedrig({"run", file.path(), "--plugin-dir", SCHEDRIG_CLI_TEST_PLUGINS});
}

TEST(UnsoundPlugin, that_crashes_is_named_and_the_last_line_comes_all_the_same) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer reports crashes in its own way";
#endif
  const CommandResult result = run_with("crashes");
  EXPECT_EQ(result.exit_code, 5) << result.err;
  EXPECT_NE(result.err.find("schedrig: error: crashed (SIGSEGV) in "), std::string::npos)
      << result.err;
  EXPECT_NE(result.err.find("/crashes.so\n"), std::string::npos) << result.err;
  EXPECT_TRUE(result.err.ends_with("schedrig: verdict=error exit=5 end=crash\n")) << result.err;
}

TEST(UnsoundPlugin, that_aborts_or_exits_does_not_pass_and_the_last_line_comes_all_the_same) {
  const CommandResult exits = run_with("exits");
  EXPECT_EQ(exits.exit_code, 5) << exits.err;
  EXPECT_NE(exits.err.find("schedrig: error: something called exit in the middle"),
            std::string::npos)
      << exits.err;
  EXPECT_TRUE(exits.err.ends_with("schedrig: verdict=error exit=5 end=crash\n")) << exits.err;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const CommandResult aborts = run_with("aborts");
  EXPECT_EQ(aborts.exit_code, 5) << aborts.err;
  EXPECT_NE(aborts.err.find("schedrig: error: crashed (SIGABRT) in "), std::string::npos)
      << aborts.err;
  EXPECT_TRUE(aborts.err.ends_with("schedrig: verdict=error exit=5 end=crash\n")) << aborts.err;
#endif
}

TEST(UnsoundPlugin, that_throws_no_exception_class_is_ejected_with_the_callbacks_name) {
  const CommandResult result = run_with("throws");
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_NE(result.out.find("enqueue: uncaught exception, no std::exception"), std::string::npos)
      << result.out;
  EXPECT_NE(result.out.find("help: a callback threw: catch it"), std::string::npos) << result.out;
}

TEST(UnsoundPlugin, whose_ops_throw_or_whose_init_fails_is_not_attached) {
  const CommandResult throws = run_with("throws_in_ops");
  EXPECT_EQ(throws.exit_code, 1) << throws.err << throws.out;
  EXPECT_NE(throws.out.find("attach scheduler \"throws_in_ops\": ops: uncaught exception: no flags "
                            "today"),
            std::string::npos)
      << throws.out;
  const CommandResult twice = run_with("queue_twice");
  EXPECT_EQ(twice.exit_code, 1) << twice.err << twice.out;
  EXPECT_NE(twice.out.find("attach scheduler \"queue_twice\": create DSQ 7: File exists (EEXIST)"),
            std::string::npos)
      << twice.out;
  EXPECT_NE(twice.out.find("help: each id once"), std::string::npos) << twice.out;
}

TEST(UnsoundPlugin, that_hangs_ends_the_run_soon_after_its_deadline_with_the_callbacks_name) {
  const auto before = std::chrono::steady_clock::now();
  const CommandResult result = run_with("hangs", "duration = \"500ms\"\ndeadline = \"1s\"\n");
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(15));
  EXPECT_EQ(result.exit_code, 124) << result.err;
  EXPECT_NE(result.err.find("did not end after its deadline: the scheduler's callback enqueue does "
                            "not return"),
            std::string::npos)
      << result.err;
}

} // namespace
} // namespace schedrig

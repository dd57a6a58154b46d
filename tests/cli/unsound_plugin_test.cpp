// SPDX-License-Identifier: MIT
// Plugins whose code is broken: what is left to say is said.
#include "tests/cli/schedrig_command.hpp"

namespace schedrig {
namespace {

CommandResult run_with(const std::string& scheduler) {
  const ScenarioFile file("schema = 1\n[run]\nscheduler = \"" + scheduler +
                          "\"\n[machine]\ntopology = \"1n1l1c1t\"\n[[step]]\nhold = \"200ms\"\n"
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

TEST(UnsoundPlugin, that_throws_no_exception_class_is_ejected_with_the_callbacks_name) {
  const CommandResult result = run_with("throws");
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_NE(result.out.find("enqueue: uncaught exception, no std::exception"), std::string::npos)
      << result.out;
  EXPECT_NE(result.out.find("help: a callback threw: catch it"), std::string::npos) << result.out;
}

} // namespace
} // namespace schedrig

// SPDX-License-Identifier: MIT
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "plugins/mock/work/programs.hpp"

namespace schedrig::mock {
namespace {

constexpr Nanos kSecond = 1'000'000'000;

Execution execution_of(const Programs& programs, std::string_view binary,
                       const std::vector<std::string_view>& args = {}) {
  Execution execution;
  const Status status = programs.execute(binary, args, &execution);
  EXPECT_TRUE(status.ok()) << status.message;
  return execution;
}

ParamValue text(std::string_view key, std::string_view value) {
  return {.type = ParamType::kString, .key = key, .text = value};
}
ParamValue number(std::string_view key, std::int64_t value) {
  return {.type = ParamType::kInteger, .key = key, .integer = value, .text = {}};
}

// What declaring them tells, "KEY: MESSAGE" each.
std::vector<std::string> problems_of(Programs& programs, ParamsView params) {
  class Problems final : public ParamProblemSink {
   public:
    void on_problem(std::string_view key, const Status& status) noexcept override {
      all.push_back(std::string(key) + ": " + status.message);
    }
    std::vector<std::string> all;
  } problems;
  programs.declare(params, problems);
  return problems.all;
}

TEST(Programs, sleep_takes_the_intervals_of_coreutils) {
  const Programs programs;
  EXPECT_EQ(execution_of(programs, "sleep", {"2"}).sleeps_ns, 2 * kSecond);
  EXPECT_EQ(execution_of(programs, "/bin/sleep", {"0.25s"}).sleeps_ns, kSecond / 4);
  EXPECT_EQ(execution_of(programs, "sleep", {"1m", "1"}).sleeps_ns, 61 * kSecond);
  for (const std::string_view wrong : {"", "x", "-1", "1x", "1ss", "nan"}) {
    const Execution failed = execution_of(programs, "sleep", {wrong});
    EXPECT_EQ(failed.exit_code, 1) << wrong;
    EXPECT_EQ(failed.stderr_text, "sleep: invalid time interval '" + std::string(wrong) + "'\n");
  }
  EXPECT_EQ(execution_of(programs, "sleep").stderr_text, "sleep: missing operand\n");
  EXPECT_GT(execution_of(programs, "sleep", {"1e300"}).sleeps_ns, 365 * 86400 * kSecond);
}

TEST(Programs, echo_prints_its_arguments) {
  const Programs programs;
  EXPECT_EQ(execution_of(programs, "echo", {"a", "b c"}).stdout_text, "a b c\n");
  EXPECT_EQ(execution_of(programs, "echo", {"-n", "a"}).stdout_text, "a");
  EXPECT_EQ(execution_of(programs, "echo").stdout_text, "\n");
}

TEST(Programs, spin_takes_cpu_time_for_an_interval_or_for_ever) {
  const Programs programs;
  EXPECT_EQ(execution_of(programs, "spin", {"0.5"}).runs_ns, kSecond / 2);
  EXPECT_GT(execution_of(programs, "spin").runs_ns, 365 * 86400 * kSecond);
  EXPECT_EQ(execution_of(programs, "spin", {"fast"}).exit_code, 1);
}

TEST(Programs, declared_ones_do_what_they_declare) {
  Programs programs;
  const std::vector<ParamValue> params = {
      number("faults[0].nth", 1), // not a program's
      text("programs[0].name", "bench"),
      number("programs[0].runs", 5),
      number("programs[0].sleeps", 7),
      number("programs[0].cycles", 3),
      number("programs[0].exit_code", 4),
      text("programs[0].output[0]", "p99_us=12"),
      text("programs[0].output[1]", "done"),
      text("programs[1].name", "true"),
      number("programs[1].exit_code", 9),
  };
  EXPECT_TRUE(problems_of(programs, params).empty());
  const Execution bench = execution_of(programs, "build/bench", {"-r", "2"});
  EXPECT_EQ(bench.runs_ns, 5);
  EXPECT_EQ(bench.sleeps_ns, 7);
  EXPECT_EQ(bench.cycles, 3U);
  EXPECT_EQ(bench.exit_code, 4);
  EXPECT_EQ(bench.stdout_text, "p99_us=12\ndone\n");
  EXPECT_EQ(execution_of(programs, "true").exit_code, 9) << "instead of the built-in one";
}

TEST(Programs, one_name_twice_is_refused) {
  Programs programs;
  const std::vector<ParamValue> params = {text("programs[0].name", "a"),
                                          text("programs[1].name", "a")};
  EXPECT_EQ(problems_of(programs, params),
            std::vector<std::string>{"programs[1].name: [backend.mock] declares the program \"a\" "
                                     "twice"});
}

TEST(Programs, an_unknown_one_says_what_to_declare) {
  Programs programs;
  const std::vector<ParamValue> params = {text("programs[0].name", "bench")};
  EXPECT_TRUE(problems_of(programs, params).empty());
  Execution execution;
  const Status status = programs.execute("/opt/schbench", {}, &execution);
  EXPECT_EQ(status.code, StatusCode::kNotFound);
  EXPECT_STREQ(status.message, "the simulated machine has no program \"schbench\"");
  EXPECT_STREQ(status.help, "declare it: [backend.mock] programs = [ { name = \"schbench\", runs = "
                            "\"1s\" } ]; there are echo, false, sleep, spin, true, bench");
}

} // namespace
} // namespace schedrig::mock

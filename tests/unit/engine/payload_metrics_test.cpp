// SPDX-License-Identifier: MIT
#include <string>

#include <gtest/gtest.h>

#include "host/engine/payload_metrics.hpp"

namespace schedrig::engine {
namespace {

std::string spelled(const ReadMetrics& read) {
  std::string text;
  for (const Metric& metric : read.metrics) {
    text += metric.name + "=" + std::to_string(metric.value) + ";";
  }
  return text + read.problem;
}

ReadMetrics lines(std::string_view output, bool whole = true) {
  return read_metrics(PayloadOutput::kLines, output, whole);
}
ReadMetrics json(std::string_view output) {
  return read_metrics(PayloadOutput::kJson, output, true);
}

TEST(PayloadMetrics, exit_code_alone_reads_nothing) {
  EXPECT_EQ(spelled(read_metrics(PayloadOutput::kExitCode, "a = 1\n", true)), "");
}

TEST(PayloadMetrics, json_gives_its_numbers_by_path) {
  EXPECT_EQ(spelled(json(R"({ "n": 2, "latency": { "p99": 1.5, "all": [3, { "x": 4 }] },
                              "name": "bench", "ok": true, "none": null })")),
            "n=2.000000;latency.p99=1.500000;latency.all[0]=3.000000;latency.all[1].x=4.000000;");
  EXPECT_EQ(spelled(json("[1, 2]\n")), "[0]=1.000000;[1]=2.000000;");
}

TEST(PayloadMetrics, what_is_no_json_is_a_problem_and_no_metric) {
  for (const std::string_view output : {"", "hello\n", "{ \"a\": 1 } trailing", "{ \"a\": "}) {
    const ReadMetrics read = json(output);
    EXPECT_TRUE(read.metrics.empty()) << output;
    EXPECT_NE(read.problem.find("stdout"), std::string::npos) << read.problem;
  }
}

TEST(PayloadMetrics, lines_give_names_with_a_sign_and_a_number) {
  EXPECT_EQ(spelled(lines("  p99 latency:  412 us\n"
                          "share=25%\r\n"
                          "rate = -1.5e3\n"
                          "99.0th: 3ms, worst 7\n"
                          "no number: here\n"
                          "without a sign 12\n"
                          "at 12:30:45 started\n"
                          "version: 1.2.3\n"
                          "nothing: inf\n"
                          ": 3\n"
                          "last: 9")),
            "p99 latency=412.000000;share=25.000000;rate=-1500.000000;99.0th=3.000000;"
            "last=9.000000;");
}

TEST(PayloadMetrics, the_last_value_of_a_name_wins_in_its_first_place) {
  EXPECT_EQ(spelled(lines("ops: 1\nleft: 9\nops: 2\n")), "ops=2.000000;left=9.000000;");
}

TEST(PayloadMetrics, half_a_line_of_a_program_that_was_cut_short_is_passed_over) {
  EXPECT_EQ(spelled(lines("a: 1\nb: 12", false)), "a=1.000000;");
  EXPECT_EQ(spelled(lines("a: 1", false)), "");
}

TEST(PayloadMetrics, too_many_and_too_long_names_are_bounded_and_said) {
  std::string many;
  for (int i = 0; i < 1100; ++i) {
    many += "m" + std::to_string(i) + ": 1\n";
  }
  const ReadMetrics read = lines(many);
  EXPECT_EQ(read.metrics.size(), kMaxMetrics);
  EXPECT_EQ(read.problem, "there are more than 1000 metrics");
  const ReadMetrics longest = lines(std::string(kMaxMetricNameBytes + 1, 'n') + ": 1\na: 2\n");
  EXPECT_EQ(longest.metrics.size(), 1U);
  EXPECT_EQ(longest.problem, "a name has more than 128 bytes");
}

} // namespace
} // namespace schedrig::engine

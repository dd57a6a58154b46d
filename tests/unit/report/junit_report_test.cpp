// SPDX-License-Identifier: MIT
#include <string>

#include <gtest/gtest.h>

#include "host/report/junit_report.hpp"
#include "host/report/xml_text.hpp"
#include "tests/unit/report/sample_report.hpp"

namespace schedrig::report {
namespace {

using engine::RunReport;
using engine::Verdict;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Junit, a_pass_is_a_suite_with_a_case_for_each_step_and_check) {
  EXPECT_EQ(junit_report(passed_report(), "schedrig run demo.toml"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites name=\"schedrig\" tests=\"4\" failures=\"0\" errors=\"0\" skipped=\"0\" "
            "time=\"3.000000\">\n"
            "  <testsuite name=\"demo\" tests=\"4\" failures=\"0\" errors=\"0\" skipped=\"0\" "
            "time=\"3.000000\">\n"
            "    <properties>\n"
            "      <property name=\"config\" value=\"demo.toml\" />\n"
            "      <property name=\"backend\" value=\"mock\" />\n"
            "      <property name=\"scheduler\" value=\"eevdf\" />\n"
            "      <property name=\"topology\" value=\"1n1l2c1t\" />\n"
            "      <property name=\"seed\" value=\"7\" />\n"
            "      <property name=\"reproduce\" value=\"schedrig run demo.toml\" />\n"
            "    </properties>\n"
            "    <testcase classname=\"demo.step\" name=\"backdrop\" time=\"3.000000\" />\n"
            "    <testcase classname=\"demo.step\" name=\"1 load\" time=\"1.500000\" />\n"
            "    <testcase classname=\"demo.step\" name=\"2 rest\" time=\"1.500000\" />\n"
            "    <testcase classname=\"demo.check\" name=\"not_stuck\" time=\"0.000000\">\n"
            "      <system-out>observed: 2 workers; longest gap 4 ms\nlimit: every worker works\n"
            "</system-out>\n"
            "    </testcase>\n"
            "  </testsuite>\n"
            "</testsuites>\n");
}

TEST(Junit, a_failed_op_is_its_steps_failure_and_what_it_kept_from_running_is_skipped) {
  const std::string text = junit_report(failed_report(), "");
  EXPECT_TRUE(contains(text, "tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\"")) << text;
  EXPECT_TRUE(contains(text, "<failure message=\"op 2 freeze_cgroup (line 9): cell is not frozen\" "
                             "type=\"fail\">op 2 freeze_cgroup (line 9): cell is not frozen\n"
                             "help: raise wait\n</failure>"))
      << text;
  EXPECT_TRUE(contains(text, "<skipped message=\"the run had ended before\" />")) << text;
}

TEST(Junit, inconclusive_is_an_error_by_that_name) {
  RunReport report = passed_report();
  report.verdict = report.checks[0].verdict = Verdict::kInconclusive;
  const std::string text = junit_report(report, "");
  EXPECT_TRUE(contains(text, "failures=\"0\" errors=\"1\"")) << text;
  EXPECT_TRUE(contains(text, "type=\"inconclusive\"")) << text;
}

TEST(Junit, what_the_scenario_expects_to_fail_is_no_failure) {
  RunReport report = failed_report();
  report.verdict = Verdict::kPass;
  const std::string text = junit_report(report, "");
  EXPECT_TRUE(contains(text, "failures=\"0\" errors=\"0\" skipped=\"2\"")) << text;
  EXPECT_TRUE(contains(text, "<skipped message=\"fails as expected: op 2")) << text;
}

TEST(Junit, names_and_texts_cannot_break_the_format) {
  RunReport report = failed_report();
  report.name = "a<b>&\"c\"";
  report.machine = {{"kernel.release", "6.18\x1b[31m"}};
  report.steps[0].ops[0].error->message = "]]> </failure> \xff";
  const std::string text = junit_report(report, "run 'x\ny'");
  EXPECT_TRUE(contains(text, "<testsuite name=\"a&lt;b>&amp;&quot;c&quot;\"")) << text;
  EXPECT_TRUE(contains(text, "name=\"kernel\" value=\"6.18\xEF\xBF\xBD[31m\"")) << text;
  EXPECT_TRUE(contains(text, "]]&gt; &lt;/failure&gt; \xEF\xBF\xBD\nhelp")) << text;
  EXPECT_TRUE(contains(text, "value=\"run 'x&#10;y'\"")) << text;
}

TEST(XmlText, keeps_what_xml_has_and_replaces_the_rest) {
  EXPECT_EQ(xml_text("a\tb\n\xC3\xA4\xF0\x9F\x98\x80"), "a\tb\n\xC3\xA4\xF0\x9F\x98\x80");
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(xml_text(std::string_view("\0", 1)), bad);
  EXPECT_EQ(xml_text("\x1b"), bad);
  EXPECT_EQ(xml_text("\xC0\xAF"), bad + bad) << "not the shortest form";
  EXPECT_EQ(xml_text("\xED\xA0\x80"), bad + bad + bad) << "a surrogate";
  EXPECT_EQ(xml_text("\xEF\xBF\xBF"), bad + bad + bad) << "U+FFFF";
  EXPECT_EQ(xml_text("x\xE2\x82"), "x" + bad + bad) << "cut short";
}

} // namespace
} // namespace schedrig::report

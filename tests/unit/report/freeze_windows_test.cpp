// SPDX-License-Identifier: MIT
// Freeze windows and what was read in them, in each report that has them.
#include <gtest/gtest.h>

#include "host/json/text.hpp"
#include "host/report/event_log.hpp"
#include "host/report/json_report.hpp"
#include "host/report/summary.hpp"
#include "tests/unit/report/sample_report.hpp"

namespace schedrig::report {
namespace {

engine::RunReport frozen_report() {
  engine::RunReport report = passed_report();
  report.freeze_windows = {
      {.id = 1, .step = "step \"load\"", .ops = 3, .at_ns = 50, .frozen_ns = 20'000},
      {.id = 2, .step = "step \"rest\"", .ops = 1, .at_ns = 90, .frozen_ns = 12'000}};
  report.kernel_reads = {
      {.tag = "j", .target = "symbol jiffies_64", .at_ns = 40, .value = U64Value{7}},
      {.tag = "raw",
       .target = "kva 0xffffc90000001000",
       .at_ns = 50,
       .window = 1,
       .value = BytesValue{{0x00, 0xff}}}};
  engine::OpRecord op;
  op.kind = "read_kernel_cold";
  op.index = 1;
  op.window = 1;
  report.steps[0].ops = {op};
  return report;
}

TEST(FreezeWindows, the_summary_counts_them_and_says_how_long_they_were) {
  EXPECT_NE(summary(frozen_report(), "", false)
                .find("  frozen  2 windows for 4 cold ops, 32.0 us in all, longest 20.0 us\n"),
            std::string::npos)
      << summary(frozen_report(), "", false);
  EXPECT_EQ(summary(passed_report(), "", false).find("frozen"), std::string::npos);
}

TEST(FreezeWindows, the_document_has_each_with_what_was_read_in_it) {
  const auto document = json::parse(json_document(frozen_report()), "report");
  ASSERT_TRUE(document);
  const json::Value& window = document->find("freeze_windows")->as_array()->at(1);
  EXPECT_EQ(window.find("id")->as_int64(), 2);
  EXPECT_EQ(window.find("ops")->as_int64(), 1);
  EXPECT_EQ(window.find("frozen_ns")->as_int64(), 12'000);
  const json::Array& reads = *document->find("kernel_reads")->as_array();
  EXPECT_EQ(*reads[0].find("tag")->as_string(), "j");
  EXPECT_EQ(reads[0].find("u64")->as_int64(), 7);
  EXPECT_TRUE(reads[0].find("window")->is_null());
  EXPECT_EQ(*reads[1].find("bytes")->as_string(), "00ff");
  EXPECT_EQ(reads[1].find("window")->as_int64(), 1);
  const json::Value& op = document->find("steps")->as_array()->at(0).find("ops")->as_array()->at(0);
  EXPECT_EQ(op.find("window")->as_int64(), 1);
}

TEST(FreezeWindows, the_event_file_has_a_line_for_each) {
  std::vector<std::string> lines;
  EventLog log([&](std::string_view line) { lines.emplace_back(line); });
  log.on_freeze_window(frozen_report().freeze_windows[0]);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0], R"({"at_ns":50,"event":"freeze_window","freeze_window":{"id":1,)"
                      R"("step":"step \"load\"","ops":3,"at_ns":50,"frozen_ns":20000}})"
                      "\n");
}

} // namespace
} // namespace schedrig::report

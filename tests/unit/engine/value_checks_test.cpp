// SPDX-License-Identifier: MIT
// Paths into snapshots, and checks of what they lead to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/engine/value_checks.hpp"
#include "host/engine/value_path.hpp"
#include "host/json/text.hpp"

namespace schedrig::engine {
namespace {

using testing::HasSubstr;

const json::Value& document() {
  static const json::Value value =
      json::parse(R"({"maps": {"mine.bss": {"nr_dispatched": 5, "debt": -3, "on": true}},
                      "cpus": [{"nr_running": 0}, {"nr_running": 2}]})",
                  "test")
          .value();
  return value;
}

std::string found(std::string_view path) {
  const auto value = find_value(document(), path);
  return value ? json::to_line(**value) : value.error().message + "; " + value.error().help;
}

TEST(ValuePath, names_brackets_and_elements_lead_to_values) {
  EXPECT_EQ(found("maps['mine.bss'].nr_dispatched"), "5");
  EXPECT_EQ(found("maps[\"mine.bss\"].debt"), "-3");
  EXPECT_EQ(found("cpus[1].nr_running"), "2");
  EXPECT_EQ(found("cpus[0]"), R"({"nr_running":0})");
}

TEST(ValuePath, what_is_not_there_is_told_with_what_is_at_that_depth) {
  EXPECT_EQ(found("mapz"), "the document has no \"mapz\"; did you mean \"maps\"?");
  EXPECT_EQ(found("maps['theirs.data']"), "\"maps\" has no \"theirs.data\"; it has: mine.bss");
  EXPECT_EQ(found("cpus[2]"), "\"cpus\" has no element 2; it has 0 to 1");
  EXPECT_EQ(found("cpus.nr_running"),
            "\"cpus\" has no members, so no \"nr_running\"; it is a list of 2: go on with [n]");
  EXPECT_EQ(found("maps[0]"), "\"maps\" is no list; it has members: go on with their names");
}

TEST(ValuePath, what_is_no_path_is_told) {
  for (const char* path : {"", ".maps", "maps.", "maps..x", "maps[", "maps['x", "maps[x]",
                           "maps['x'y", "cpus[1]nr_running", "cpus[-1]"}) {
    const auto value = find_value(document(), path);
    ASSERT_FALSE(value) << path;
    EXPECT_EQ(value.error().code, StatusCode::kInvalidArgument) << path;
  }
}

CheckRecord check(std::string path, CompareOp op, std::uint64_t value) {
  SnapshotRecord snapshot;
  snapshot.name = "here";
  snapshot.document = document();
  ValueCheck asked;
  asked.path = std::move(path);
  asked.op = op;
  asked.value = value;
  return value_checks({asked}, {snapshot}).at(0);
}

TEST(ValueChecks, numbers_are_compared) {
  const std::string path = "snapshots.here.maps['mine.bss'].nr_dispatched";
  const CheckRecord good = check(path, CompareOp::kGreater, 0);
  EXPECT_EQ(good.verdict, Verdict::kPass);
  EXPECT_EQ(good.name, path);
  EXPECT_EQ(good.observed, "5");
  EXPECT_EQ(good.limit, "> 0");
  EXPECT_EQ(check(path, CompareOp::kLess, 5).verdict, Verdict::kFail);
}

TEST(ValueChecks, truth_is_one_and_negative_is_below_all) {
  EXPECT_EQ(check("snapshots.here.maps['mine.bss'].on", CompareOp::kEqual, 1).verdict,
            Verdict::kPass);
  const std::string debt = "snapshots.here.maps['mine.bss'].debt";
  EXPECT_EQ(check(debt, CompareOp::kLess, 0).verdict, Verdict::kPass);
  EXPECT_EQ(check(debt, CompareOp::kGreater, 0).verdict, Verdict::kFail);
}

TEST(ValueChecks, what_nobody_knows_is_inconclusive) {
  for (const auto& [path, part] : std::map<std::string, std::string>{
           {"snapshots.there.maps", "no snapshot \"there\" was taken"},
           {"snapshots.here.maps['mine.bss'].nr_dispatch", "did you mean \"nr_dispatched\"?"},
           {"snapshots.here.maps", "it is no number (the path leads on)"}}) {
    const CheckRecord record = check(path, CompareOp::kGreater, 0);
    EXPECT_EQ(record.verdict, Verdict::kInconclusive) << path;
    EXPECT_THAT(record.observed, HasSubstr(part));
  }
}

} // namespace
} // namespace schedrig::engine

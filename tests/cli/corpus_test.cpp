// SPDX-License-Identifier: MIT
// The corpus of failures: each scenario passes with the scheduler that is right, on any seed, and
// with the one that is wrong it fails with the diagnosis that it is there for.
#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "host/json/text.hpp"
#include "host/json/value.hpp"
#include "tests/cli/schedrig_command.hpp"

namespace schedrig {
namespace {

struct Case {
  std::string name;
  std::string kind;
  std::string culprit; // how it begins
};

// Else the names of the tests have its bytes.
void PrintTo(const Case& one, std::ostream* out) {
  *out << one.name;
}

const std::vector<Case> kCases = {
    {"empty_cell", "undispatched", "bursty["},    {"lost_on_change", "lost_task", "spin["},
    {"missed_kick", "missed_kick", "spin["},      {"pinned_last", "starved", "spin["},
    {"stale_mask", "cpu_not_allowed", "bursty["}, {"vtime_underflow", "vtime_skew", "spin["},
    {"keeps_running", "starved", "bursty["},      {"unrefilled_quota", "undispatched", "bursty["},
};

std::string file_of(const Case& one) {
  return kSource + "/configs/corpus/" + one.name + ".toml";
}

json::Value document_of(const CommandResult& result) {
  auto document = json::parse(result.out, "report");
  EXPECT_TRUE(document) << result.err;
  return document ? *std::move(document) : json::Value();
}

class Corpus : public testing::TestWithParam<Case> {};

TEST_P(Corpus, names_the_bug_and_blames_the_scheduler) {
  const CommandResult result =
      schedrig({"run", file_of(GetParam()), "--set", "run.scheduler=\"buggy\"", "--json", "-"});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  const json::Value document = document_of(result);
  const json::Value* const failure = document.find("failure");
  ASSERT_NE(failure, nullptr);
  ASSERT_NE(failure->find("kind"), nullptr) << "no diagnosis";
  EXPECT_EQ(*failure->find("kind")->as_string(), GetParam().kind) << result.out;
  EXPECT_EQ(*failure->find("blame")->as_string(), "scheduler");
  EXPECT_TRUE(failure->find("culprit")->as_string()->starts_with(GetParam().culprit))
      << *failure->find("culprit")->as_string();
  EXPECT_FALSE(failure->find("evidence")->as_array()->empty());
}

TEST_P(Corpus, gives_no_alarm_without_the_bug) {
  for (const char* seed : {"1", "2", "3", "4", "5"}) {
    const CommandResult result =
        schedrig({"run", file_of(GetParam()), "--seed", seed, "--json", "-"});
    EXPECT_EQ(result.exit_code, 0) << "seed " << seed << "\n" << result.err;
    const json::Value document = document_of(result);
    ASSERT_NE(document.find("failure"), nullptr);
    EXPECT_TRUE(document.find("failure")->is_null()) << "seed " << seed;
  }
}

TEST_P(Corpus, shows_the_diagnosis_before_everything_but_the_cause) {
  const CommandResult result =
      schedrig({"run", file_of(GetParam()), "--set", "run.scheduler=\"buggy\""});
  const std::size_t cause = result.out.find("  cause: ");
  const std::size_t diagnosis =
      result.out.find("  diagnosis: " + GetParam().kind + ", blame: scheduler\n");
  ASSERT_NE(diagnosis, std::string::npos) << result.out;
  EXPECT_LT(cause, diagnosis);
  EXPECT_LT(diagnosis, result.out.find("  step 1 "));
  EXPECT_LT(std::ranges::count(result.out, '\n'), 60) << "a screen:\n" << result.out;
}

INSTANTIATE_TEST_SUITE_P(Mock, Corpus, testing::ValuesIn(kCases),
                         [](const auto& each) { return each.param.name; });

TEST(CorpusFiles, are_all_run) {
  std::set<std::string> here;
  for (const auto& entry : fs::directory_iterator(kSource + "/configs/corpus")) {
    if (const std::string stem = entry.path().stem(); !stem.starts_with("kvm_")) {
      here.insert(stem);
    }
  }
  std::set<std::string> run;
  std::ranges::transform(kCases, std::inserter(run, run.end()), &Case::name);
  EXPECT_EQ(here, run);
}

} // namespace
} // namespace schedrig

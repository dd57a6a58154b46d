// SPDX-License-Identifier: MIT
// Cold batches, hot ORs and watches as programs in the guest see them (kernel_words_program.cpp),
// and a machine of which one vCPU does not stand still.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "host/json/text.hpp"
#include "tests/support/run_command.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig {
namespace {

namespace fs = std::filesystem;

struct LabRun {
  test::CommandResult result;
  std::string text;     // of the report
  json::Value document; // the same

  [[nodiscard]] const json::Value& at(const char* key) const {
    static const json::Value kNone;
    const json::Value* value = document.find(key);
    return value == nullptr ? kNone : *value;
  }
  [[nodiscard]] std::size_t windows() const {
    const auto* all = at("freeze_windows").as_array();
    return all == nullptr ? 0 : all->size();
  }
};

std::uint64_t number(const json::Value& of, const char* key) {
  const json::Value* value = of.find(key);
  return value == nullptr ? 0 : value->as_uint64().value_or(0);
}

LabRun lab_run(const std::string& config) {
  const test::TempDir temp;
  const fs::path path = temp.write("config.toml", config);
  const fs::path report = temp.path() / "report.json";
  LabRun run;
  run.result =
      test::run_command({SCHEDRIG_BINARY, "lab", "run", path.string(), "--json", report.string()});
  std::ifstream file(report);
  run.text = {std::istreambuf_iterator<char>(file), {}};
  if (auto document = json::parse(run.text, "report")) {
    run.document = *std::move(document);
  }
  return run;
}

// The program runs with `arguments`; `checks` of its metrics must hold. `ops` come before it.
LabRun run_program(const std::string& arguments, const std::string& checks,
                   const std::string& ops = "") {
  return lab_run(R"(schema = 1
[run]
name = "kernel_words"
backend = "kvm"
deadline = "50min"
[machine]
topology = "1n1l4c1t"
[[payload]]
name = "judge"
binary = ")" SCHEDRIG_KERNEL_WORDS_PROGRAM R"("
default_args = [)" +
                 arguments +
                 R"(]
output = "lines"
gate = true
checks = [ )" + checks +
                 R"( ]
[[step]]
name = "one"
op = [ )" + ops + R"({ kind = "run_payload", payload = "judge" },
       { kind = "wait_payload", name = "judge", timeout = "45min" } ]
)");
}

// 500; `./dev soak` asks for 10,000.
std::string batches() {
  const char* asked = std::getenv("SCHEDRIG_COLD_BATCHES");
  return asked == nullptr ? "500" : asked;
}

TEST(Lab, no_cpu_of_the_guest_ever_sees_a_half_written_cold_batch) {
  const LabRun run =
      run_program("\"torn\", \"" + batches() + "\"", "{ metric = \"torn\", equals = 0 }, "
                                                     "{ metric = \"missing\", equals = 0 }");
  EXPECT_EQ(run.result.exit_code, 0) << run.result.err << run.result.out;
  EXPECT_EQ(run.windows(), std::stoul(batches())) << run.text;
}

TEST(Lab, a_hot_or_and_a_guest_that_counts_in_the_same_word_lose_nothing) {
  const LabRun run = run_program(
      "\"or\", \"1000000\"", "{ metric = \"lost\", equals = 0 }, { metric = \"ors\", min = 100 }");
  EXPECT_EQ(run.result.exit_code, 0) << run.result.err << run.result.out;
  EXPECT_EQ(run.windows(), 0U) << run.text;
}

void expect_every_write_counted(int threads) {
  const LabRun run =
      run_program("\"writes\", \"10000\", \"" + std::to_string(threads) + "\"",
                  "{ metric = \"good\", equals = 1 }",
                  "{ kind = \"watch_snapshot\", symbol = \"panic_on_warn\", max_captures = 20 }, ");
  EXPECT_EQ(run.result.exit_code, 0) << run.result.err << run.result.out;
  const auto* watches = run.at("watches").as_array();
  ASSERT_TRUE(watches != nullptr && watches->size() == 1) << run.text;
  const json::Value& watch = watches->front();
  EXPECT_EQ(number(watch, "hits"), 10'000U) << run.text;
  EXPECT_EQ(number(watch, "matches"), 10'000U);
  const auto& captures = *watch.find("captures")->as_array();
  ASSERT_EQ(captures.size(), 20U);
  for (const json::Value& capture : captures) {
    ASSERT_NE(capture.find("symbol")->as_string(), nullptr) << run.text;
    EXPECT_NE(capture.find("symbol")->as_string()->find("proc"), std::string::npos) << run.text;
    EXPECT_LE(number(capture, "value"), 1U);
    EXPECT_LT(number(capture, "vcpu"), 4U);
  }
}

TEST(Lab, a_watch_counts_every_write_of_one_cpu) {
  expect_every_write_counted(1);
}

TEST(Lab, a_watch_counts_every_write_of_four_cpus_at_once) {
  expect_every_write_counted(4);
}

TEST(Lab, a_vcpu_that_comes_late_is_named_and_the_run_is_inconclusive) {
  const LabRun run = lab_run(R"(schema = 1
[run]
name = "late"
backend = "kvm"
[machine]
topology = "1n1l2c1t"
[backend.kvm]
late_vcpu = 1
[[step]]
name = "one"
op = [ { kind = "read_kernel_cold", tag = "j", target = { symbol = "jiffies_64" }, width = "u64" } ]
)");
  EXPECT_EQ(run.result.exit_code, 3) << run.result.err << run.result.out;
  EXPECT_EQ(*run.at("verdict").as_string(), "inconclusive") << run.text;
  EXPECT_NE(run.at("cause").find("message")->as_string()->find("vCPU 1 did not stand still"),
            std::string::npos)
      << run.text;
  EXPECT_EQ(run.windows(), 0U);
}

} // namespace
} // namespace schedrig

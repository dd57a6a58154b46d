// SPDX-License-Identifier: MIT
// configs/kvm/ring_batch.toml with its program (configs/programs/ring_batch.c), in the emulated
// host.
#include <string>

#include <gtest/gtest.h>

#include "host/json/text.hpp"
#include "tests/lab/kvm_runs.hpp"
#include "tests/lab/payload_run.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig::lab {
namespace {

namespace fs = std::filesystem;

std::uint64_t count(const json::Value& ring, const char* key) {
  const json::Value* value = ring.find(key);
  return value == nullptr ? ~0ULL : value->as_uint64().value_or(~0ULL);
}

// Twice: the second machine starts from the first one's template, its ring included.
TEST(Ring, sixty_four_operations_by_one_doorbell_after_a_program_was_killed_in_an_entry) {
  const test::TempDir temp;
  const fs::path report = temp.path() / "report.json";
  const std::string config =
      config_with_program("ring_batch.toml", "ring_batch", options().ring_program);
  for (int run = 0; run < 2; ++run) {
    const test::CommandResult result =
        run_on_kvm(temp.write("ring_batch.toml", config), {"--json", report.string()});
    ASSERT_EQ(result.exit_code, 0) << result.err << result.out << text_of(report);
    const auto document = json::parse(text_of(report), "report");
    ASSERT_TRUE(document) << document.error().message;
    const json::Value* const ring = document->find("ring");
    ASSERT_NE(ring, nullptr) << text_of(report);
    EXPECT_EQ(count(*ring, "doorbells"), 2U) << "one of each program";
    EXPECT_EQ(count(*ring, "submitted"), 40U + 64U);
    EXPECT_EQ(count(*ring, "completed"), 40U + 64U);
    EXPECT_EQ(count(*ring, "failed"), 8U) << "those of an address that nothing is mapped to";
    EXPECT_EQ(count(*ring, "largest_batch"), 64U);
    EXPECT_EQ(count(*ring, "uncollected"), 0U) << "the second program dropped them";
    const json::Value* const windows = document->find("freeze_windows");
    ASSERT_NE(windows, nullptr);
    EXPECT_EQ(windows->as_array()->size(), 1U) << "of the cold read";
  }
}

} // namespace
} // namespace schedrig::lab

// SPDX-License-Identifier: MIT
// Ops on the memory of a real kernel that has moved itself (KASLR), without its help: the image
// says what lies where, the machine's memory where the kernel is.
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "host/json/text.hpp"
#include "tests/lab/kvm_runs.hpp"
#include "tests/lab/payload_run.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig::lab {
namespace {

std::uint64_t number(const json::Value& read, const char* width) {
  const json::Value* value = read.find(width);
  return value == nullptr ? 0 : value->as_uint64().value_or(0);
}

TEST(KernelMemory, a_running_kernels_memory_is_read_and_written_by_name) {
  const test::TempDir temp;
  const std::filesystem::path report = temp.path() / "report.json";
  const test::CommandResult result =
      run_on_kvm(options().configs / "kvm/kernel_memory.toml", {"--json", report.string()});
  const std::string text = text_of(report);
  ASSERT_EQ(result.exit_code, 0) << result.err << result.out;
  const auto document = json::parse(text, "report");
  ASSERT_TRUE(document) << document.error().message << text;
  const auto& reads = *document->find("kernel_reads")->as_array();
  ASSERT_EQ(reads.size(), 10U) << text;
  // 250 a second; a CPU in the lab stands still for up to a second now and then, and catches up.
  const std::uint64_t ticks = number(reads[1], "u64") - number(reads[0], "u64");
  EXPECT_GE(ticks, 200U) << text;
  EXPECT_LE(ticks, 2500U) << text;
  EXPECT_EQ(number(reads[2], "u32"), 3U) << text;
  EXPECT_EQ(*reads[3].find("bytes")->as_string(), "4c696e75782076657273696f6e20") << text;
  EXPECT_EQ(number(reads[4], "u32"), 7U) << text;
  EXPECT_EQ(number(reads[5], "u64"), number(reads[7], "u64")) << "time in a window" << text;
  EXPECT_EQ(number(reads[6], "u32"), 7U) << text;
  EXPECT_EQ(number(reads[8], "u32"), 0U) << text;
  EXPECT_TRUE(reads[8].find("window")->is_null()) << text;
  EXPECT_GE(number(reads[9], "u32"), 1U) << text;
  const auto& windows = *document->find("freeze_windows")->as_array();
  ASSERT_EQ(windows.size(), 2U) << text;
  EXPECT_EQ(number(windows[0], "ops"), 5U) << text;
  EXPECT_EQ(number(windows[1], "ops"), 1U) << text;
  EXPECT_GT(number(windows[0], "frozen_ns"), 0U) << text;
}

TEST(KernelMemory, a_watch_tells_how_often_and_from_where_the_kernel_writes_a_variable) {
  const test::TempDir temp;
  const std::filesystem::path report = temp.path() / "report.json";
  const test::CommandResult result =
      run_on_kvm(options().configs / "kvm/watch.toml", {"--json", report.string()});
  const std::string text = text_of(report);
  ASSERT_EQ(result.exit_code, 0) << result.err << result.out;
  const auto document = json::parse(text, "report");
  ASSERT_TRUE(document) << document.error().message << text;
  const auto& watches = *document->find("watches")->as_array();
  ASSERT_EQ(watches.size(), 4U) << text;
  // 250 a second; a CPU in the lab stands still for a while now and then, and catches up in one.
  EXPECT_GE(number(watches[0], "hits"), 20U) << text;
  EXPECT_LE(number(watches[0], "hits"), 2500U) << text;
  const auto& captures = *watches[0].find("captures")->as_array();
  ASSERT_GE(captures.size(), 2U) << text;
  ASSERT_LE(captures.size(), 4U) << text;
  for (const json::Value& capture : captures) {
    ASSERT_NE(capture.find("symbol")->as_string(), nullptr) << text;
    EXPECT_NE(capture.find("symbol")->as_string()->find("jiffies"), std::string::npos) << text;
    EXPECT_FALSE(capture.find("callers")->as_array()->empty()) << text;
  }
  EXPECT_GE(number(captures[1], "at_ns") - number(captures[0], "at_ns"), 100'000'000U) << text;
  EXPECT_EQ(number(watches[1], "hits"), number(watches[1], "matches")) << text;
  EXPECT_GE(number(watches[2], "hits"), 1U) << "context switches of a busy CPU" << text;
  EXPECT_EQ(number(watches[3], "hits"), 0U) << "nobody writes it" << text;
}

TEST(KernelMemory, a_snapshot_has_every_cpu_and_the_tasks_that_wait_for_one) {
  const test::TempDir temp;
  const std::filesystem::path report = temp.path() / "report.json";
  const test::CommandResult result =
      run_on_kvm(options().configs / "kvm/snapshots.toml", {"--json", report.string()});
  ASSERT_EQ(result.exit_code, 0) << result.err << result.out;
  for (const char* name : {"busy", "interval", "interval.2"}) {
    EXPECT_FALSE(text_of(temp.path() / ("report.snapshot-" + std::string(name) + ".json")).empty())
        << name;
  }
  const std::string text = text_of(temp.path() / "report.snapshot-busy.json");
  const auto document = json::parse(text, "snapshot");
  ASSERT_TRUE(document) << document.error().message << text;
  EXPECT_EQ(document->find("vcpus")->as_array()->size(), 4U);
  EXPECT_EQ(document->find("cpus")->as_array()->size(), 4U);
  std::size_t workers = 0;
  std::size_t running = 0;
  for (const json::Value& task : *document->find("tasks")->as_array()) {
    const json::Value* cgroup = task.find("cgroup");
    const std::string* path = cgroup == nullptr ? nullptr : cgroup->as_string();
    if (path == nullptr || !path->ends_with("/load")) {
      continue;
    }
    ++workers;
    EXPECT_EQ(number(task, "cpu"), 2U);
    EXPECT_EQ(*task.find("class")->as_string(), "fair_sched_class");
    running += number(task, "on_cpu");
  }
  EXPECT_EQ(workers, 3U) << text;
  EXPECT_LE(running, 1U) << text;
}

} // namespace
} // namespace schedrig::lab

// SPDX-License-Identifier: MIT
// The lab as a user meets it: the quickstart on a real kernel, its report, and a kill in the
// middle.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "host/json/text.hpp"
#include "tests/support/run_command.hpp"

namespace schedrig {
namespace {

namespace fs = std::filesystem;
using test::CommandResult;

const std::string kSchedrig = SCHEDRIG_BINARY;
const std::string kQuickstart = SCHEDRIG_SOURCE_DIR "/configs/quickstart.toml";

TEST(Lab, the_quickstart_passes_on_a_real_kernel_that_the_report_names) {
  const fs::path json =
      fs::path(testing::TempDir()) / ("lab-" + std::to_string(getpid()) + ".json");
  const CommandResult result = test::run_command({kSchedrig, "lab", "run", kQuickstart, "--set",
                                                  "run.backend=\"kvm\"", "--json", json.string()});
  ASSERT_EQ(result.exit_code, 0) << result.err << result.out;
  std::ifstream file(json);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  fs::remove(json);
  const auto document = json::parse(text, "report");
  ASSERT_TRUE(document) << document.error().message << text;
  EXPECT_EQ(*document->find("verdict")->as_string(), "pass");
  EXPECT_EQ(*document->find("backend")->as_string(), "kvm");
  const auto* release = document->find("machine")->find("kernel.release");
  ASSERT_NE(release, nullptr) << text;
  EXPECT_NE(release->as_string()->find("cloud-amd64"), std::string::npos) << *release->as_string();
}

TEST(Lab, a_deadline_in_the_guests_boot_is_exit_code_124_and_says_how_far_it_got) {
  const CommandResult result =
      test::run_command({kSchedrig, "lab", "run", kQuickstart, "--set", "run.backend=\"kvm\"",
                         "--set", "run.deadline=\"2500ms\"", "--set", "run.duration=\"2s\""});
  EXPECT_EQ(result.exit_code, 124) << result.err << result.out;
  EXPECT_NE(result.err.find("end=deadline"), std::string::npos) << result.err;
  EXPECT_NE(result.out.find("cause: boot: "), std::string::npos) << result.out;
}

TEST(Lab, exit_codes_and_output_come_back) {
  const CommandResult result = test::run_command(
      {kSchedrig, "lab", "exec", "--", kSchedrig, "plugins", "check", "/nonexistent.so"});
  EXPECT_EQ(result.exit_code, 5) << result.err;
  EXPECT_NE((result.out + result.err).find("/nonexistent.so"), std::string::npos);
}

// In the emulated host everything that this machine may lack works, the data watchpoint included.
TEST(Lab, doctor_finds_real_kvm_inside) {
  const CommandResult result =
      test::run_command({kSchedrig, "lab", "exec", "--", kSchedrig, "doctor"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  std::size_t kvm_findings = 0;
  std::size_t from = 0;
  for (std::size_t at = 0; (at = result.out.find("kvm: ", from)) != std::string::npos;) {
    const std::size_t line = result.out.rfind('\n', at) + 1;
    EXPECT_EQ(result.out.substr(line, 2), "ok") << result.out.substr(line, 200);
    ++kvm_findings;
    from = at + 1;
  }
  EXPECT_GE(kvm_findings, 3U) << result.out;
  EXPECT_NE(result.out.find("watchpoint"), std::string::npos) << result.out;
}

// Processes that carry `mark` in their environment, which children inherit.
std::set<std::string> marked_processes(const std::string& mark) {
  std::set<std::string> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (!std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) {
      continue;
    }
    std::ifstream file(entry.path() / "environ", std::ios::binary);
    const std::string environment((std::istreambuf_iterator<char>(file)), {});
    if (environment.find(mark) != std::string::npos) {
      found.insert(name);
    }
  }
  return found;
}

std::set<std::string> files_below(const fs::path& dir) {
  std::set<std::string> found;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(dir, error)) {
    found.insert(entry.path());
  }
  return found;
}

TEST(Lab, a_kill_in_the_middle_leaves_no_process_and_no_file) {
  const std::string mark = "SCHEDRIG_LAB_TEST_MARK=" + std::to_string(getpid());
  const fs::path scratch = fs::path(testing::TempDir()) / ("lab-kill-" + std::to_string(getpid()));
  fs::create_directory(scratch);
  {
    test::Command command({"/usr/bin/env", mark, "TMPDIR=" + scratch.string(), kSchedrig, "lab",
                           "run", kQuickstart, "--set", "run.backend=\"kvm\"", "--json",
                           (scratch / "report.json").string()});
    ASSERT_TRUE(command.wait_for_stderr("booting")); // the guest's boot, inside the emulated host
    EXPECT_GE(marked_processes(mark).size(), 2U);    // schedrig and QEMU
    command.kill(SIGKILL);
    EXPECT_EQ(command.finish().exit_code, 128 + SIGKILL);
  }
  // finish() has seen the end of stderr, which QEMU's copy would have kept open; the kernel may
  // still be taking its memory apart.
  for (int i = 0; i < 100 && !marked_processes(mark).empty(); ++i) {
    usleep(100'000);
  }
  EXPECT_TRUE(marked_processes(mark).empty());
  EXPECT_TRUE(files_below(scratch).empty());
  fs::remove_all(scratch);
}

} // namespace
} // namespace schedrig

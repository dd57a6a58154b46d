// SPDX-License-Identifier: MIT
// The lab as a user meets it: the quickstart on a real kernel, its report, and kills in the middle.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "host/json/text.hpp"
#include "tests/lab/payload_run.hpp"
#include "tests/support/run_command.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig {
namespace {

namespace fs = std::filesystem;
using test::CommandResult;

const std::string kSchedrig = SCHEDRIG_BINARY;
const std::string kQuickstart = SCHEDRIG_SOURCE_DIR "/configs/quickstart.toml";

// Of every kind, from the first instruction to power-off.
std::uint64_t exits(const json::Value& machine) {
  std::uint64_t sum = 0;
  for (const json::Member& fact : *machine.as_object()) {
    sum += fact.key.starts_with("exits.") ? std::stoull(*fact.value.as_string()) : 0;
  }
  return sum;
}

TEST(Lab, the_quickstart_passes_on_a_real_kernel_that_the_report_names) {
  const fs::path json =
      fs::path(testing::TempDir()) / ("lab-" + std::to_string(getpid()) + ".json");
  const CommandResult result = test::run_command({kSchedrig, "lab", "run", kQuickstart, "--set",
                                                  "run.backend=\"kvm\"", "--json", json.string()});
  ASSERT_EQ(result.exit_code, 0) << result.err << result.out;
  const std::string text = lab::text_of(json);
  fs::remove(json);
  const auto document = json::parse(text, "report");
  ASSERT_TRUE(document) << document.error().message << text;
  EXPECT_EQ(*document->find("verdict")->as_string(), "pass");
  EXPECT_EQ(*document->find("backend")->as_string(), "kvm");
  const auto* release = document->find("machine")->find("kernel.release");
  ASSERT_NE(release, nullptr) << text;
  EXPECT_NE(release->as_string()->find("cloud-amd64"), std::string::npos) << *release->as_string();
  EXPECT_LT(exits(*document->find("machine")), 1000U) << text;
}

TEST(Lab, a_vmlinux_boots_and_runs_where_it_was_linked_to) {
  const test::TempDir temp;
  const std::string vmlinux = (temp.path() / "vmlinux").string();
  const fs::path report = temp.path() / "report.json";
  const CommandResult unpacked = test::run_command({kSchedrig, "kernel", "unpack", vmlinux});
  ASSERT_EQ(unpacked.exit_code, 0) << unpacked.err;
  const fs::path config = lab::write_script_run(temp.path(), lab::good_at_link_address());
  const CommandResult result =
      test::run_command({kSchedrig, "lab", "run", config.string(), "--set",
                         "machine.kernel=\"" + vmlinux + "\"", "--json", report.string()});
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
  EXPECT_EQ(lab::machine_facts(report).image_format, "vmlinux");
  EXPECT_EQ(lab::machine_facts(report).kaslr, "off");
}

// The commands of docs/guide/rt_app.md.
TEST(Lab, rt_app_itself_and_its_model_are_compared_in_one_table) {
  const fs::path guide = SCHEDRIG_SOURCE_DIR "/docs/guide/rt_app";
  const test::TempDir temp;
  const std::string model = temp.path() / "model.json";
  const std::string original = temp.path() / "original.json";
  ASSERT_EQ(::chdir(SCHEDRIG_SOURCE_DIR), 0);
  const CommandResult prepared =
      test::run_command({"/usr/bin/workgen", "-d", "-o", "/tmp/mp3-short.json",
                         "/usr/share/doc/rt-app/examples/mp3-short.json"});
  ASSERT_EQ(prepared.exit_code, 0) << prepared.err << prepared.out;
  const CommandResult modelled =
      test::run_command({kSchedrig, "run", guide / "model.toml", "--json", model});
  ASSERT_EQ(modelled.exit_code, 0) << modelled.err << modelled.out;
  const CommandResult ran =
      test::run_command({kSchedrig, "lab", "run", guide / "original.toml", "--json", original});
  ASSERT_EQ(ran.exit_code, 0) << ran.err << ran.out;
  const CommandResult compared = test::run_command({guide / "compare", model, original});
  EXPECT_EQ(compared.exit_code, 0) << compared.err;
  std::istringstream table(compared.out);
  std::string heading;
  std::getline(table, heading);
  std::vector<std::string> tasks;
  for (std::string line; std::getline(table, line);) {
    std::istringstream columns(line);
    std::string task;
    double of_model = 0;
    double of_original = 0;
    columns >> task >> of_model >> of_original;
    tasks.push_back(task);
    EXPECT_NEAR(of_model, 200, 5) << line; // 6 s of turns of 30 ms
    EXPECT_GT(of_original, 100) << line;   // an emulated machine is late
    EXPECT_LT(of_original, 210) << line;
  }
  EXPECT_EQ(tasks, (std::vector<std::string>{"AudioTick", "AudioOut", "AudioTrack", "mp3.decoder",
                                             "OMXCall"}))
      << compared.out;
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

// `line`: of stderr, to wait for first; empty: kill while the emulated host itself boots.
void expect_kill_leaves_nothing(const std::string& line, std::chrono::milliseconds after) {
  SCOPED_TRACE(std::to_string(after.count()) + " ms after \"" + line + "\"");
  const std::string mark = "SCHEDRIG_LAB_TEST_MARK=" + std::to_string(getpid());
  const fs::path scratch = fs::path(testing::TempDir()) / ("lab-kill-" + std::to_string(getpid()));
  fs::create_directory(scratch);
  {
    test::Command command({"/usr/bin/env", mark, "TMPDIR=" + scratch.string(), kSchedrig, "lab",
                           "run", kQuickstart, "--set", "run.backend=\"kvm\"", "--json",
                           (scratch / "report.json").string()});
    ASSERT_TRUE(command.wait_for_stderr(line));
    std::this_thread::sleep_for(after);
    EXPECT_GE(marked_processes(mark).size(), line == "booting" ? 2U : 1U); // QEMU, too
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

// While the initramfs is made and the emulated host boots; while the guest boots or its run goes
// on, inside it. Neither span is ever too long: a host takes 3 s to boot, a guest and its run 6.
TEST(Lab, a_kill_at_a_random_moment_leaves_no_process_and_no_file) {
  const auto seed = std::random_device()();
  std::cout << "seed " << seed << "\n" << std::flush;
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> milliseconds(0, 3000);
  for (const char* line : {"", "starting the emulated host", "booting", "booting"}) {
    expect_kill_leaves_nothing(line, std::chrono::milliseconds(milliseconds(random)));
  }
}

} // namespace
} // namespace schedrig

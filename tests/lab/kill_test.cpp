// SPDX-License-Identifier: MIT
// kvm_kill_test: `kill -9` of schedrig at random moments of runs on kvm leaves nothing behind.
//
// Runs in the emulated host (tests/lab/CMakeLists.txt), where nothing else goes on: what is there
// afterwards and was not before has been left behind. A whole run first boots and leaves a
// template, another starts from it; they give the phases' lengths and warm the caches. Then each
// phase is hit in turn, at a moment drawn from its length; of a cold run that is its boot. A kill
// that found its run at its end already does not count.
//
// kvm_kill_test --schedrig=PROGRAM --config=FILE [--kills=N] [--seed=N]
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/lab/host_state.hpp"
#include "tests/lab/named_arguments.hpp"
#include "tests/support/run_command.hpp"

namespace schedrig::lab {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

struct Options {
  std::string schedrig;
  std::string config;
  unsigned kills = 0;
  std::uint64_t seed = 0;
};

Options& options() {
  static Options options;
  return options;
}

// KVM takes a VM apart in the background; a fraction of a second when nothing else runs.
constexpr auto kSettle = 20s;
constexpr const char* kReport = "/report.json";

struct Phase {
  bool cold = false; // of a run whose machine boots
  std::string line;  // on stderr, where it begins
  steady_clock::duration length{};
};

constexpr const char* kBooting = "booting";
constexpr const char* kForking = "starting from a template";

// An emulated CPU may stand still for longer than the config allows, which is not the matter here.
std::vector<std::string> run_on_kvm(bool cold) {
  std::vector<std::string> command = {options().schedrig, "run", options().config};
  for (const char* set : {"run.backend=\"kvm\"", "machine.template_cache=\"1GiB\"",
                          "checks.max_gap=\"30s\"", "checks.not_stuck=false"}) {
    command.insert(command.end(), {"--set", set});
  }
  command.insert(command.end(), {"--json", kReport});
  if (cold) {
    command.emplace_back("--cold");
  }
  return command;
}

// Of a run that keeps or finds a template: `machine` is the line where its machine begins.
std::vector<Phase> phases_of_a_whole_run(const char* machine) {
  std::vector<Phase> phases{
      {.line = ""}, {.line = machine}, {.line = "running"}, {.line = "shutting down"}};
  test::Command command(run_on_kvm(false));
  auto since = steady_clock::now();
  for (std::size_t i = 1; i < phases.size(); ++i) {
    EXPECT_TRUE(command.wait_for_stderr(phases[i].line)) << phases[i].line;
    phases[i - 1].length = steady_clock::now() - since;
    since = steady_clock::now();
  }
  const test::CommandResult whole = command.finish();
  phases.back().length = steady_clock::now() - since;
  EXPECT_EQ(whole.exit_code, 0) << whole.err << whole.out;
  return phases;
}

// True when the run had not ended before.
bool kill_in(const Phase& phase, steady_clock::duration after) {
  test::Command command(run_on_kvm(phase.cold));
  EXPECT_TRUE(command.wait_for_stderr(phase.line));
  std::this_thread::sleep_for(after);
  command.kill(SIGKILL);
  const test::CommandResult result = command.finish();
  EXPECT_TRUE(result.exit_code == 128 + SIGKILL || result.exit_code == 0)
      << result.exit_code << result.err;
  return result.exit_code != 0;
}

std::string left_behind(const HostState& before) {
  std::string left;
  const auto until = steady_clock::now() + kSettle;
  do {
    left = left_since(before, look_at_host());
    if (left.empty()) {
      return left;
    }
    std::this_thread::sleep_for(50ms);
  } while (steady_clock::now() < until);
  return left;
}

// What was there, and the template that a run has kept since.
HostState with_its_template(const HostState& untouched) {
  HostState state = untouched;
  const HostState now = look_at_host();
  for (const std::string& file : now.files) {
    if (file.find("/schedrig/templates") != std::string::npos) {
      state.files.insert(file);
    }
  }
  EXPECT_GT(state.files.size(), untouched.files.size()) << "no template was kept";
  state.shared_kib = now.shared_kib;
  state.available_kib = now.available_kib;
  return state;
}

TEST(KillNine, of_schedrig_at_a_random_moment_leaves_nothing_behind) {
  std::cout << "seed " << options().seed << "\n" << std::flush;
  std::mt19937_64 random(options().seed);
  std::ofstream(kReport).put('\n'); // a report that is replaced is no leftover
  const HostState untouched = look_at_host();
  const std::vector<Phase> cold = phases_of_a_whole_run(kBooting);
  ASSERT_FALSE(HasFailure());
  const HostState before = with_its_template(untouched);
  std::vector<Phase> phases = phases_of_a_whole_run(kForking);
  ASSERT_FALSE(HasFailure());
  ASSERT_EQ(left_behind(before), "") << "by the whole runs";
  phases.push_back({.cold = true, .line = kBooting, .length = cold[1].length});
  unsigned in_time = 0;
  for (unsigned i = 0; in_time < options().kills && i < 2 * options().kills; ++i) {
    const Phase& phase = phases[i % phases.size()];
    std::uniform_int_distribution<steady_clock::rep> moment(0, phase.length.count());
    const steady_clock::duration after(moment(random));
    const bool hit = kill_in(phase, after);
    in_time += hit ? 1U : 0U;
    std::cout << "kill " << i + 1 << ": " << std::chrono::duration<double, std::milli>(after)
              << (phase.cold ? " cold" : "") << " after \"" << phase.line
              << (hit ? "\"" : "\": had ended") << "\n"
              << std::flush;
    ASSERT_EQ(left_behind(before), "");
  }
  EXPECT_EQ(in_time, options().kills) << "too few met a schedrig that still ran";
  const HostState after = look_at_host();
  std::cout << "available memory: " << before.available_kib << " KiB before, "
            << after.available_kib << " KiB after; shared: " << before.shared_kib << " and "
            << after.shared_kib << " KiB" << "\n"
            << std::flush;
}

int run(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const NamedArguments arguments(argc, argv);
  options() = {.schedrig = arguments.text("schedrig"),
               .config = arguments.text("config"),
               .kills = arguments.number("kills", 10U),
               .seed = arguments.number<std::uint64_t>("seed", std::random_device()())};
  if (std::getenv("SCHEDRIG_LAB") == nullptr) {
    std::cerr << "kvm_kill_test looks at a whole machine: run it by 'schedrig lab exec'\n";
    return 2;
  }
  return RUN_ALL_TESTS();
}

} // namespace
} // namespace schedrig::lab

int main(int argc, char** argv) {
  return schedrig::lab::run(argc, argv);
}

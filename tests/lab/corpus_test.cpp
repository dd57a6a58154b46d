// SPDX-License-Identifier: MIT
// The corpus on a real kernel: with the scheduler that has the bug the kernel ends it as it ended
// the historical one, without it the same load passes.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/lab/kvm_runs.hpp"

namespace schedrig::lab {
namespace {

using ::testing::ContainsRegex;

struct Bug {
  const char* config;
  const char* cause;     // of the exit
  const char* diagnosis; // with whose doing it was
};

void PrintTo(const Bug& bug, std::ostream* out) {
  *out << bug.config;
}

class Corpus : public testing::TestWithParam<Bug> {};

TEST_P(Corpus, passes_without_the_bug) {
  const auto config = options().configs / "corpus" / (std::string(GetParam().config) + ".toml");
  const test::CommandResult result = run_on_kvm(config);
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
}

TEST_P(Corpus, shows_the_bug_by_the_kernels_exit) {
  const auto config = options().configs / "corpus" / (std::string(GetParam().config) + ".toml");
  const test::CommandResult result = run_on_kvm(config, {"--set", "run.scheduler=\"buggy\""});
  EXPECT_EQ(result.exit_code, 1) << result.err << result.out;
  EXPECT_THAT(result.out, ContainsRegex("cause: [^\n]*" + std::string(GetParam().cause)));
  EXPECT_THAT(result.out, ContainsRegex("diagnosis: " + std::string(GetParam().diagnosis)));
}

INSTANTIATE_TEST_SUITE_P(
    Kvm, Corpus,
    testing::Values(Bug{"kvm_outside_mask", "SCX_EXIT_ERROR \\(1024\\)[^\n]*not allowed",
                        "cpu_not_allowed, blame: scheduler"},
                    // The watchdog is a kernel thread and may be one of those that starve.
                    Bug{"kvm_pinned_last",
                        "SCX_EXIT_ERROR_STALL \\(1026\\)[^\n]*failed to (run|check in)",
                        // A busy host takes more than half of the machine's time.
                        "((starved|undispatched), blame: scheduler|oversubscribed, blame: host)"}),
    [](const auto& each) { return std::string(each.param.config); });

} // namespace
} // namespace schedrig::lab

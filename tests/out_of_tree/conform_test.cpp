// SPDX-License-Identifier: MIT
// schedrig-conform, on a backend of the installation, on one from elsewhere, and on a broken one.
#include <regex>

#include "tests/out_of_tree/local_backend.hpp"

namespace schedrig {
namespace {

// Of a line of GoogleTest's summary: "[  PASSED  ] 164 tests."
int count_of(const std::string& out, const std::string& word) {
  std::smatch match;
  const std::regex line("\\[ +" + word + " +\\] ([0-9]+) tests?[.,]");
  return std::regex_search(out, match, line) ? std::stoi(match[1]) : 0;
}

// ctest takes a test that prints GoogleTest's word for a skipped one for skipped itself.
std::string quoted(const std::string& out) {
  return std::regex_replace(out, std::regex("SKIPPED"), "skipped");
}

TEST(Conform, mock_keeps_the_whole_contract) {
  const CommandResult result = installed("schedrig-conform", {"--backend=mock"});
  EXPECT_EQ(result.exit_code, 0) << quoted(result.out);
  EXPECT_GT(count_of(result.out, "PASSED"), 250) << quoted(result.out);
  EXPECT_EQ(count_of(result.out, "SKIPPED"), 0) << quoted(result.out);
}

TEST(Conform, says_how_it_is_used) {
  const CommandResult help = installed("schedrig-conform", {"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_NE(help.out.find("--plugin-dir=DIR"), std::string::npos) << help.out;
  EXPECT_EQ(installed("schedrig-conform", {}).exit_code, 2);
  const CommandResult unknown =
      installed("schedrig-conform", {"--backend=mock", "--topology=square"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_NE(unknown.err.find("--topology=square\n  help: schedrig-conform --help"),
            std::string::npos)
      << unknown.err;
}

TEST(Conform, a_machine_that_does_not_come_up_is_one_error) {
  const CommandResult result = installed("schedrig-conform", {"--backend=mokc"});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_NE(result.err.find("did you mean \"mock\"?"), std::string::npos) << result.err;
}

using ConformLocal = LocalBackend;

TEST_F(ConformLocal, keeps_what_of_the_contract_can_be_tried_on_this_machine) {
  const CommandResult result = conform(kLocalDir);
  EXPECT_EQ(result.exit_code, 0) << quoted(result.out);
  // Without any controller; with all of them some 90 more.
  EXPECT_GT(count_of(result.out, "PASSED"), 150) << quoted(result.out);
}

TEST_F(ConformLocal, what_is_skipped_has_its_reason) {
  const CommandResult result = conform(kLocalDir, "Files/*affinity*");
  EXPECT_EQ(result.exit_code, 0) << quoted(result.out);
  EXPECT_NE(result.out.find("the machine has no interrupts"), std::string::npos)
      << quoted(result.out);
}

// The same backend with one rule of the files facet forgotten.
TEST_F(ConformLocal, a_backend_that_breaks_the_contract_fails) {
  fs::copy(kInstalled / "share/schedrig/examples/local", folder_ / "broken");
  const CommandResult built = shell(
      folder_ / "broken", "sed -i 's/ && mode == FileBatchMode::kStopAtFirstError//' files.cpp &&"
                          "cmake -S . -B build -DCMAKE_PREFIX_PATH='" +
                              kInstalled.string() + "' && cmake --build build");
  ASSERT_EQ(built.exit_code, 0) << built.out << built.err;
  const CommandResult result = conform((folder_ / "broken/build").string(), "MachineContract.*");
  EXPECT_EQ(result.exit_code, 1) << quoted(result.out);
  EXPECT_NE(result.out.find("FAILED  ] MachineContract.a_batch_stops_at_the_first_error_only_when"),
            std::string::npos)
      << quoted(result.out);
}

} // namespace
} // namespace schedrig

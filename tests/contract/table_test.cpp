// SPDX-License-Identifier: MIT
// Keeps docs/reference/op-errors.md fresh.
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/contract/op_cases.hpp"

namespace schedrig::contract {
namespace {

TEST(OpErrorsTable, the_committed_table_is_fresh) {
  const std::string path = SCHEDRIG_SOURCE_DIR "/docs/reference/op-errors.md";
  if (std::getenv("SCHEDRIG_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << op_errors_table();
  }
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), op_errors_table()) << "renew it: see its head";
}

} // namespace
} // namespace schedrig::contract

// SPDX-License-Identifier: MIT
// contract_test --backend=NAME [--kernel=IMAGE] [gtest options]: the contract that every backend
// keeps, on one of them.
#include <cstdio>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/contract/booted_machine.hpp"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  auto& options = schedrig::contract::options();
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with("--backend=")) {
      options.backend = argument.substr(10);
    } else if (argument.starts_with("--kernel=")) {
      options.kernel = argument.substr(9);
    } else {
      std::fprintf(stderr, "contract_test: unknown argument %s\n", argv[i]);
      return 2;
    }
  }
  if (options.backend.empty()) {
    // Listing (ctest's discovery) needs no machine; running does.
    if (!GTEST_FLAG_GET(list_tests)) {
      std::fprintf(stderr, "contract_test: --backend=NAME is required\n");
      return 2;
    }
  }
  return RUN_ALL_TESTS();
}

// SPDX-License-Identifier: MIT
// contract_test, installed as schedrig-conform: the contract that every backend keeps, on one of
// them.
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/contract/booted_machine.hpp"

namespace {

constexpr int kUsage = 2;
constexpr int kInfrastructure = 5; // as of schedrig: docs/reference/exit-codes.md

constexpr char kHelp[] =
    R"(schedrig-conform --backend=NAME [options]: holds a backend to the contract

  --backend=NAME     the backend's name, or its file if that has a slash
  --plugin-dir=DIR   look for it here before the installation's plugins; repeatable
  --topology=host    a machine shaped like this one instead of 2 LLCs with 2 CPUs each, for
                     backends that cannot choose; cases that count on the shape are skipped
  --kernel=IMAGE     version prefix or path, for backends that boot a kernel
  --cold             on the machine that booted, instead of one that starts from its template
  --gtest_filter=PATTERN, --gtest_list_tests, --gtest_output=json:FILE: as of GoogleTest

A case that needs what the machine lacks (a facet, a controller, interrupts) is skipped with the
reason. Exit codes: 0 all that could be tried holds, 1 not, 2 usage, 5 the machine did not come up.
)";

int refuse(const std::string& message) {
  std::fprintf(stderr, "schedrig-conform: %s\n  help: schedrig-conform --help\n", message.c_str());
  return kUsage;
}

// "--name=VALUE", or "--name" with VALUE behind it; empty if `argument` is another option.
std::string value_of(std::string_view name, int argc, char** argv, int& i) {
  const std::string_view argument = argv[i];
  if (argument == name && i + 1 < argc) {
    return argv[++i];
  }
  const std::string start = std::string(name) + "=";
  return argument.starts_with(start) ? std::string(argument.substr(start.size())) : "";
}

// Empty: understood.
std::string read_options(int argc, char** argv) {
  auto& options = schedrig::contract::options();
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (std::string backend = value_of("--backend", argc, argv, i); !backend.empty()) {
      options.backend = std::move(backend);
    } else if (std::string kernel = value_of("--kernel", argc, argv, i); !kernel.empty()) {
      options.kernel = std::move(kernel);
    } else if (std::string dir = value_of("--plugin-dir", argc, argv, i); !dir.empty()) {
      options.plugin_dirs.push_back(std::move(dir));
    } else if (value_of("--topology", argc, argv, i) == "host") {
      options.host_topology = true;
    } else if (argument == "--cold") {
      options.cold = true;
    } else {
      return "unknown argument, or a value that is missing or unknown: " + argument;
    }
  }
  // Listing (ctest's discovery) needs no machine; running does.
  return options.backend.empty() && !GTEST_FLAG_GET(list_tests) ? "--backend=NAME is required" : "";
}

} // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  if (std::ranges::any_of(arguments, [](auto word) { return word == "--help" || word == "-h"; })) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  testing::InitGoogleTest(&argc, argv);
  if (const std::string problem = read_options(argc, argv); !problem.empty()) {
    return refuse(problem);
  }
  if (!GTEST_FLAG_GET(list_tests)) {
    const auto& machine = schedrig::contract::BootedMachine::get();
    if (!machine.up()) {
      std::fprintf(stderr, "schedrig-conform: backend \"%s\": %s\n",
                   schedrig::contract::options().backend.c_str(), machine.problem().c_str());
      return kInfrastructure;
    }
  }
  return RUN_ALL_TESTS();
}

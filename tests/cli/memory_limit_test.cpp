// SPDX-License-Identifier: MIT
// schedrig under a limit of its address space (setrlimit(2), RLIMIT_AS).
#include "tests/cli/schedrig_command.hpp"

namespace schedrig {
namespace {

constexpr int kNotLoaded = 127; // of the dynamic linker: not even the libraries fit

struct Endings {
  int passed = 0;
  int out_of_memory = 0;
};

Endings run_with_limits(const std::string& config, int from_kib, int to_kib, int step_kib) {
  Endings endings;
  for (int kib = from_kib; kib <= to_kib; kib += step_kib) {
    const std::string limit = "ulimit -v " + std::to_string(kib) + "; exec \"$0\" run \"$1\"";
    const CommandResult result = test::run_command({"/bin/bash", "-c", limit, kSchedrig, config});
    if (result.exit_code == kNotLoaded) {
      continue;
    }
    endings.passed += result.exit_code == 0 ? 1 : 0;
    endings.out_of_memory += result.err.find("error: out of memory") != std::string::npos ? 1 : 0;
    // What runs out within one call of a plugin fails the op that made it.
    const bool op_failed = result.out.find("std::bad_alloc") != std::string::npos;
    EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 5 ||
                (result.exit_code == 1 && op_failed))
        << kib << " KiB: " << result.exit_code << "\n"
        << result.err;
    EXPECT_NE(result.err.find(" exit=" + std::to_string(result.exit_code) + " "), std::string::npos)
        << kib << " KiB, no outcome line:\n"
        << result.err;
  }
  return endings;
}

TEST(MemoryLimit, that_is_too_tight_is_said_and_is_exit_code_5) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer needs terabytes of address space";
#endif
  const ScenarioFile file(R"(schema = 1
[run]
duration = "50ms"
[machine]
topology = "1n1l64c2t"
[[step]]
hold = "10ms"
[[step.cgroup]]
name = "a"
work = [ { type = "spin", workers = 4096 }, { type = "spin", workers = 4096 } ]
)");
  const Endings endings = run_with_limits(file.path(), 14'000, 62'000, 2'000);
  EXPECT_GT(endings.out_of_memory, 2);
  EXPECT_GT(endings.passed, 2);
}

} // namespace
} // namespace schedrig

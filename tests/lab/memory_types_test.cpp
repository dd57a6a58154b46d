// SPDX-License-Identifier: MIT
// configs/kvm/uncached_loads.toml with its program (configs/programs/uncached_loads.c), in the
// emulated host: both mappings are made and timed. How they compare needs a CPU with caches.
#include <string>

#include <gtest/gtest.h>

#include "host/json/text.hpp"
#include "tests/lab/kvm_runs.hpp"
#include "tests/lab/payload_run.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig::lab {
namespace {

TEST(MemoryTypes, a_program_times_loads_of_a_noncoherent_region_cached_and_uncached) {
  const test::TempDir temp;
  const std::filesystem::path report = temp.path() / "report.json";
  const std::string config =
      config_with_program("uncached_loads.toml", "uncached_loads", options().loads_program);
  const test::CommandResult result =
      run_on_kvm(temp.write("uncached_loads.toml", config), {"--json", report.string()});
  ASSERT_EQ(result.exit_code, 0) << result.err << result.out << text_of(report);
  // The emulated host's CPU is an AMD one, which always honours the guest's type.
  EXPECT_NE(text_of(report).find(R"("memory.uncached.cache": "honoured by the CPU")"),
            std::string::npos)
      << text_of(report);
}

} // namespace
} // namespace schedrig::lab

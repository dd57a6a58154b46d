// SPDX-License-Identifier: MIT
// sched_ext schedulers on a real kernel, from a config to the report. The rules of attach, detach
// and exit are the contract suite's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/lab/kvm_runs.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig::lab {
namespace {

using ::testing::HasSubstr;

std::filesystem::path objects() {
  return std::filesystem::path(options().schedrig).parent_path().parent_path() /
         "lib/schedrig/plugins/scx";
}

std::string config(const std::string& run, const std::string& params) {
  return "schema = 1\n[run]\nname = \"own\"\nbackend = \"kvm\"\nscheduler = \"mine\"\n"
         "deadline = \"300s\"\n" +
         run +
         "\n[machine]\ntopology = \"1n1l2c1t\"\nmemory = \"384MiB\"\n"
         "[[scheduler]]\nname = \"mine\"\nplugin = \"scx\"\nobject = \"" +
         (objects() / "faulty.bpf.o").string() + "\"\nparams = { " + params +
         " }\n[[step]]\nname = \"one\"\nhold = \"3s\"\n";
}

TEST(Schedulers, are_attached_replaced_restarted_and_detached) {
  const test::CommandResult result = run_on_kvm(options().configs / "kvm/schedulers.toml");
  ASSERT_EQ(result.exit_code, 0) << result.err << result.out;
  for (const char* line :
       {"scheduler fifo attached at", "scheduler fifo detached at", "gap without a scheduler",
        "scheduler vtime detached at", "scheduler central detached at"}) {
    EXPECT_THAT(result.out, HasSubstr(line)) << result.out;
  }
}

TEST(Schedulers, an_object_of_ones_own_is_loaded_with_its_globals) {
  const test::TempDir temp;
  const std::string file =
      temp.write("own.toml",
                 config("expect = \"scheduler_exit\"\n"
                        "expect_exit = { kind = \"unreg_bpf\", message = \"bye, all\" }",
                        "fault = \"FAULT_EXIT\", after_ns = 1500000000, message = \"bye, all\""))
          .string();
  const test::CommandResult result = run_on_kvm(file);
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
}

TEST(Schedulers, a_global_that_the_object_lacks_is_refused_with_those_that_it_has) {
  const test::TempDir temp;
  const std::string file = temp.write("own.toml", config("", "slice = 1")).string();
  const test::CommandResult result = run_on_kvm(file);
  EXPECT_EQ(result.exit_code, 1) << result.out;
  EXPECT_THAT(result.err + result.out, HasSubstr("the object has no global slice; it has"));
}

} // namespace
} // namespace schedrig::lab

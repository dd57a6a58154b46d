// SPDX-License-Identifier: MIT
// The example backend `local`: scenarios on this machine's kernel, what it refuses, and that it
// leaves nothing behind, however it ends.
#include <csignal>
#include <fstream>
#include <optional>
#include <sstream>

#include <unistd.h>

#include "tests/out_of_tree/local_backend.hpp"

namespace schedrig {
namespace {

const std::string kSpin = "[[step]]\nname = \"spin\"\nhold = \"60s\"\n[[step.cgroup]]\n"
                          "name = \"a\"\nwork = [ { type = \"spin\", workers = 2 } ]\n";

// The cgroup v2 directory that this process is in; empty where it is in none.
fs::path own_cgroup() {
  fs::path hierarchy;
  std::istringstream mounts(read_text("/proc/self/mounts"));
  for (std::string device, point, type, rest;
       hierarchy.empty() && mounts >> device >> point >> type && std::getline(mounts, rest);) {
    hierarchy = type == "cgroup2" ? point : "";
  }
  const std::string cgroups = "\n" + read_text("/proc/self/cgroup");
  const std::size_t line = cgroups.find("\n0::/");
  if (hierarchy.empty() || line == std::string::npos) {
    return {};
  }
  const std::size_t slash = line + 4;
  return hierarchy.string() + cgroups.substr(slash, cgroups.find('\n', slash) - slash);
}

bool no_process_in(const fs::path& cgroup) {
  return read_text(cgroup / "cgroup.events").find("populated 0") != std::string::npos;
}

TEST_F(LocalBackend, runs_a_scenario_on_this_machines_kernel) {
  const fs::path config = kInstalled / "share/schedrig/examples/local/freeze_here.toml";
  const CommandResult result =
      installed_schedrig({"run", config.string(), "--plugin-dir", kLocalDir});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_NE(result.out.find("check not_stuck  pass: 6 workers"), std::string::npos) << result.out;
}

TEST_F(LocalBackend, a_machine_of_another_size_is_refused_with_the_way_out) {
  const CommandResult result = run(kSpin, "1n8l64c1t");
  EXPECT_EQ(result.exit_code, 2) << result.err;
  EXPECT_NE(result.err.find("the topology has 512 CPUs, backend \"local\" offers "),
            std::string::npos)
      << result.err;
  const CommandResult small = run(kSpin, "1n1l1c1t");
  EXPECT_NE(small.exit_code, 0);
  EXPECT_NE(small.out.find("this machine has "), std::string::npos) << small.out;
  EXPECT_NE(small.out.find("use topology = \"host\""), std::string::npos) << small.out;
}

TEST_F(LocalBackend, a_root_that_is_no_cgroup_is_refused) {
  const CommandResult result = run(kSpin + "[backend.local]\nroot = \"/tmp\"\n");
  EXPECT_EQ(result.exit_code, 5) << result.out;
  EXPECT_NE(result.out.find("/tmp is no cgroup v2 directory"), std::string::npos) << result.out;
}

TEST_F(LocalBackend, a_work_type_that_it_lacks_is_refused) {
  const CommandResult result = run(
      "[[step]]\nname = \"x\"\n[[step.cgroup]]\nname = \"a\"\nwork = [ { type = \"fork_exit\" } "
      "]\n");
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_NE(result.out.find("workers of type 'fork_exit': backend local has no such type"),
            std::string::npos)
      << result.out;
}

TEST_F(LocalBackend, a_controller_works_or_is_named_as_absent) {
  const CommandResult result =
      run("[[step]]\nname = \"x\"\nhold = \"50ms\"\n[[step.cgroup]]\nname = \"a\"\ncpuset = "
          "{ exact = \"0\" }\nwork = [ { type = \"spin\", workers = 1 } ]\n");
  if (result.exit_code != 0) {
    EXPECT_NE(result.out.find("no cpuset controller"), std::string::npos) << result.out;
  }
}

// A run removes what it finds of killed ones: these tests have a base of their own, so that no
// other test's run is the next one here.
class EndedHost : public LocalBackend {
 protected:
  void SetUp() override {
    LocalBackend::SetUp();
    if (IsSkipped() || HasFatalFailure()) {
      return;
    }
    base_ = own_cgroup() / ("schedrig-test-" + std::to_string(getpid()));
    ASSERT_TRUE(fs::create_directory(base_)) << base_;
    in_base_ = "[backend.local]\nroot = \"" + base_.string() + "\"\n";
  }
  void TearDown() override {
    if (!base_.empty()) {
      EXPECT_EQ(rmdir(base_.c_str()), 0) << base_ << " is still in use";
    }
  }
  // Starts a run that would take a minute and waits until its workers work.
  void start() {
    command_.emplace(std::vector<std::string>{(kInstalled / "bin/schedrig").string(), "run",
                                              local_config(folder_, kSpin + in_base_),
                                              "--plugin-dir", kLocalDir});
    ASSERT_TRUE(command_->wait_for_stderr("step 1/1"));
    for (int i = 0; i < 500 && cgroup_.empty(); ++i) { // 5 s
      usleep(10'000);
      const fs::path path = base_ / ("schedrig-local-" + std::to_string(command_->pid()));
      if (read_text(path / "schedrig/a/cgroup.procs").find('\n') != std::string::npos) {
        cgroup_ = path;
      }
    }
    ASSERT_FALSE(cgroup_.empty()) << "the run made no cgroup with workers";
  }

  [[nodiscard]] CommandResult run_nothing() const {
    return run("[[step]]\nname = \"nothing\"\n" + in_base_);
  }

  fs::path base_;
  std::string in_base_; // the TOML that says so
  std::optional<test::Command> command_;
  fs::path cgroup_;
};

TEST_F(EndedHost, an_interrupted_run_leaves_nothing) {
  ASSERT_NO_FATAL_FAILURE(start());
  command_->kill(SIGINT);
  EXPECT_EQ(command_->finish().exit_code, 130);
  EXPECT_FALSE(fs::exists(cgroup_));
}

TEST_F(EndedHost, a_killed_one_leaves_no_process_and_the_next_removes_its_cgroup) {
  ASSERT_NO_FATAL_FAILURE(start());
  command_->kill(SIGKILL);
  (void)command_->finish();
  for (int i = 0; i < 200 && !no_process_in(cgroup_); ++i) {
    usleep(10'000);
  }
  EXPECT_TRUE(no_process_in(cgroup_));
  EXPECT_TRUE(fs::exists(cgroup_)); // there was nobody to remove it
  EXPECT_EQ(run_nothing().exit_code, 0);
  EXPECT_FALSE(fs::exists(cgroup_));
}

TEST_F(EndedHost, workers_that_are_frozen_end_with_it_too) {
  ASSERT_NO_FATAL_FAILURE(start());
  std::ofstream(cgroup_ / "schedrig/a/cgroup.freeze") << "1";
  command_->kill(SIGKILL);
  (void)command_->finish();
  EXPECT_EQ(run_nothing().exit_code, 0);
  EXPECT_FALSE(fs::exists(cgroup_));
}

} // namespace
} // namespace schedrig

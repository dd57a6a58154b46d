// SPDX-License-Identifier: MIT
// Probing plugins that crash, hang, exit, print and lie.
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <schedrig/plugin.hpp>

#include "host/loader/probe.hpp"
#include "host/process/unique_fd.hpp"
#include "tests/unit/loader/test_files.hpp"

namespace schedrig::loader {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;

constexpr auto kScheduler = static_cast<std::uint32_t>(PluginKind::kScheduler);

Error probe_error(std::string_view name, milliseconds deadline = kProbeDeadline) {
  const Result<ProbeReport> report = probe_plugin(test_plugin(name), kScheduler, deadline);
  EXPECT_FALSE(report) << name;
  return report ? Error{} : report.error();
}

// A FIFO that a plugin of the test opens for writing (SCHEDRIG_TEST_FIFO).
class Fifo {
 public:
  Fifo() {
    const std::string path = dir_ / "fifo";
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_EQ(::setenv("SCHEDRIG_TEST_FIFO", path.c_str(), 1), 0);
  }
  ~Fifo() { ::unsetenv("SCHEDRIG_TEST_FIFO"); }
  Fifo(const Fifo&) = delete;
  Fifo& operator=(const Fifo&) = delete;

  [[nodiscard]] UniqueFd open_reader(int flags) const {
    return UniqueFd(::open((dir_ / "fifo").c_str(), O_RDONLY | O_CLOEXEC | flags));
  }

  // Whether every process that has it open for writing is gone, or goes within 30 s.
  [[nodiscard]] static bool writers_end(const UniqueFd& reader) {
    struct pollfd poll_fd = {.fd = reader.get(), .events = POLLIN, .revents = 0};
    char byte = 0;
    return ::poll(&poll_fd, 1, 30'000) == 1 && ::read(reader.get(), &byte, 1) == 0;
  }

 private:
  TempDir dir_;
};

TEST(Probe, a_sound_plugin_describes_itself) {
  const Result<ProbeReport> report = probe_plugin(test_plugin("sound"), kScheduler);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->id, "sound");
  EXPECT_EQ(report->name, "a plugin for tests");
  EXPECT_EQ(report->version, "1.2.3");
  EXPECT_EQ(report->licence, "MIT");
  EXPECT_EQ(report->description, "does nothing");
  EXPECT_EQ(report->params, 0U);
}

TEST(Probe, a_crash_in_a_static_constructor_names_signal_stage_and_last_words) {
  const Error error = probe_error("crash_static");
  EXPECT_EQ(error.code, StatusCode::kInternal);
  EXPECT_THAT(error.message, AllOf(HasSubstr("crash_static.so"), HasSubstr("SIGABRT (Aborted)"),
                                   HasSubstr("while its static constructors ran"),
                                   HasSubstr("it printed: my last words")));
}

TEST(Probe, an_exit_at_load_is_an_error_with_its_code) {
  const Error error = probe_error("exit_static");
  EXPECT_EQ(error.code, StatusCode::kInternal);
  EXPECT_THAT(error.message, AllOf(HasSubstr("exit code 7"), HasSubstr("static constructors")));
}

TEST(Probe, a_hang_ends_at_the_deadline) {
  const Error error = probe_error("hang_static", milliseconds(200));
  EXPECT_EQ(error.code, StatusCode::kTimeout);
  EXPECT_THAT(error.message, AllOf(HasSubstr("within 200 ms"), HasSubstr("static constructors")));
}

TEST(Probe, an_exception_in_the_roots_constructor_is_the_plugins_error) {
  const Error error = probe_error("throw_create");
  EXPECT_EQ(error.code, StatusCode::kInternal);
  EXPECT_THAT(error.message, HasSubstr("create: uncaught exception: no luck today"));
}

TEST(Probe, an_exception_that_leaves_create_is_a_crash_with_its_text) {
  const Error error = probe_error("leak_exception");
  EXPECT_EQ(error.code, StatusCode::kInternal);
  EXPECT_THAT(error.message, AllOf(HasSubstr("SIGABRT"), HasSubstr("in create"),
                                   HasSubstr("not caught by anybody")));
}

TEST(Probe, a_missing_entry_function_is_named) {
  const Error error = probe_error("no_entry");
  EXPECT_EQ(error.code, StatusCode::kBadData);
  EXPECT_THAT(error.message, HasSubstr("no entry function schedrig_plugin_entry_v1"));
}

TEST(Probe, an_unresolved_symbol_is_named_and_no_errno_is_made_up) {
  const Error error = probe_error("unresolved");
  EXPECT_EQ(error.code, StatusCode::kBadData);
  EXPECT_THAT(error.message,
              AllOf(HasSubstr("undefined symbol"), HasSubstr("schedrig_test_nobody_defines_this"),
                    testing::Not(HasSubstr("Bad file descriptor"))));
}

TEST(Probe, every_fault_of_a_descriptor_is_listed) {
  const Error error = probe_error("bad_descriptor");
  EXPECT_EQ(error.code, StatusCode::kBadData);
  for (const char* fault :
       {"kind is backend, the note says scheduler", "id does not match", "name is empty, too long",
        "version is empty", "licence is empty", "description is empty",
        "params[1].key repeats slice", "create is null", "destroy is null"}) {
    EXPECT_THAT(error.message, HasSubstr(fault));
  }
}

TEST(Probe, create_that_makes_nothing_is_an_error) {
  const Error error = probe_error("create_nothing");
  EXPECT_EQ(error.code, StatusCode::kBadData);
  EXPECT_THAT(error.message, HasSubstr("create returned ok and no object"));
}

TEST(Probe, what_a_plugin_prints_does_not_reach_the_terminal) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const Result<ProbeReport> report = probe_plugin(test_plugin("prints"), kScheduler);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_TRUE(report) << report.error().message;
}

TEST(Probe, what_a_plugin_started_ends_with_the_probe) {
  const Fifo fifo;
  const UniqueFd reader = fifo.open_reader(O_NONBLOCK); // lets the plugin's open succeed
  ASSERT_TRUE(reader.valid());
  const Result<ProbeReport> report = probe_plugin(test_plugin("leaves_child"), kScheduler);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(Fifo::writers_end(reader));
}

TEST(Probe, killing_the_prober_leaves_no_process) {
  const Fifo fifo;
  const pid_t prober = ::fork();
  ASSERT_GE(prober, 0);
  if (prober == 0) {
    const auto report =
        probe_plugin(test_plugin("hang_static"), kScheduler, std::chrono::minutes(5));
    ::_exit(report ? 0 : 1);
  }
  const UniqueFd reader = fifo.open_reader(0); // waits until the plugin's constructor opens it
  EXPECT_TRUE(reader.valid());
  EXPECT_EQ(::kill(prober, SIGKILL), 0);
  EXPECT_EQ(::waitpid(prober, nullptr, 0), prober);
  EXPECT_TRUE(Fifo::writers_end(reader));
}

} // namespace
} // namespace schedrig::loader

// SPDX-License-Identifier: MIT
// The schedulers facet over a guest that is played: its sched_ext files and its programs.
#include <deque>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/schedulers_facet.hpp"
#include "scx_loader/report_lines.hpp"

namespace schedrig::kvm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kMs = 1'000'000;

// The next state is taken at each read, the last one stays.
class PlayedFiles final : public FilesFacet {
 public:
  Status run(std::span<const FileOp> ops, FileBatchMode /*mode*/,
             FileReplySink& sink) noexcept override {
    const FileOp& op = ops.front();
    if (op.kind == FileOpKind::kWrite) {
      written.push_back(std::string(op.path) + "=" + std::string(op.data));
      sink.on_reply(0, {});
    } else if (op.path.starts_with("/proc/")) {
      stat_path = op.path;
      sink.on_reply(0, {.data = "100 (loader) T 1 100\n"});
    } else if (op.path.ends_with("/root/ops")) {
      sink.on_reply(0, {.data = "other\n"});
    } else if (states.empty()) {
      sink.on_reply(0, {.os_errno = ENOENT, .data = {}});
    } else {
      const std::string state = states.front() + "\n";
      if (states.size() > 1) {
        states.pop_front();
      }
      sink.on_reply(0, {.data = state});
    }
    return {};
  }
  std::deque<std::string> states;
  std::vector<std::string> written;
  std::string stat_path;
};

class PlayedPayloads final : public OwnPayloads {
 public:
  Status spawn(const PayloadSpec& spec, std::uint32_t* payload,
               std::int32_t* pid) noexcept override {
    binary = spec.binary;
    args.assign(spec.args.begin(), spec.args.end());
    files.assign(spec.files.begin(), spec.files.end());
    *payload = 7;
    *pid = 100;
    return {};
  }
  Status start(std::uint32_t /*payload*/) noexcept override { return {}; }
  Status wait(std::uint32_t /*payload*/, std::int64_t /*deadline_ns*/,
              PayloadWake* why) noexcept override {
    *why = PayloadWake::kDeadline;
    return {};
  }
  Status collect(std::uint32_t payload, PayloadReportSink& sink) noexcept override {
    return kill(payload, sink);
  }
  Status kill(std::uint32_t /*payload*/, PayloadReportSink& sink) noexcept override {
    ++kills;
    ended = true;
    PayloadReport report;
    report.wait_status = wait_status;
    report.ended_ns = 9'000 * kMs;
    report.stdout_text = out;
    sink.on_report(report);
    return killable ? Status() : Status::make(StatusCode::kTimeout, "did not end", "");
  }
  Result<> terminate(std::uint32_t /*payload*/) override {
    ended = ended || ends_when_asked;
    return {};
  }
  bool has_ended(std::uint32_t /*payload*/) const override { return ended; }

  std::string binary;
  std::vector<std::string> args;
  std::vector<std::string> files;
  std::string out;
  std::int32_t wait_status = 0;
  bool ended = false;
  bool ends_when_asked = true;
  bool killable = true;
  int kills = 0;
};

class OnePlugin final : public Plugin, public SchedExtProgram {
 public:
  void* query(std::string_view id) noexcept override {
    return id == SchedExtProgram::kInterfaceId && real ? static_cast<SchedExtProgram*>(this)
                                                       : nullptr;
  }
  Status describe(ParamsView /*params*/, SchedExtProgramSink& out) noexcept override {
    if (!object.empty()) {
      out.on_object(object);
      out.on_global("slice_ns", "5000000");
      out.on_ops_field("timeout_ms", 500);
    }
    if (!binary.empty()) {
      out.on_binary(binary);
      out.on_arg("-v");
    }
    return {};
  }
  bool real = true;
  std::string object = "/proc/self/exe"; // any file
  std::string binary;
};

class Schedulers : public testing::Test {
 protected:
  Schedulers() { clock.start(); }
  Status attach(std::int64_t timeout_ns = 1'000 * kMs) {
    return facet.attach("mine", plugin, {}, timeout_ns);
  }
  PlayedFiles files;
  PlayedPayloads payloads;
  MachineClock clock;
  OnePlugin plugin;
  std::vector<std::string> exits;
  SchedulerExit last;
  KernelSchedulers facet{files, payloads, clock, "/x/schedrig-scx", [this](const SchedulerExit& e) {
                           exits.push_back(std::string(e.reason) + ": " + std::string(e.message) +
                                           ": " + std::string(e.task));
                           last = e;
                         }};
};

TEST_F(Schedulers, the_kernels_own_is_attached_by_attaching_nothing) {
  EXPECT_TRUE(facet.can_attach("eevdf", plugin).ok());
  EXPECT_TRUE(facet.attach("eevdf", plugin, {}, 0).ok());
  EXPECT_EQ(facet.detach(0).code, StatusCode::kNotFound);
  EXPECT_EQ(payloads.binary, "");
}

TEST_F(Schedulers, a_plugin_without_a_real_realisation_is_refused_by_name) {
  plugin.real = false;
  const Status can = facet.can_attach("fifo", plugin);
  EXPECT_EQ(can.code, StatusCode::kUnsupported);
  EXPECT_THAT(can.message, HasSubstr("'fifo'"));
  EXPECT_EQ(attach().code, StatusCode::kUnsupported);
}

TEST_F(Schedulers, an_object_is_loaded_with_its_settings_and_attached_when_the_kernel_says_so) {
  files.states = {"disabled", "enabling", "enabled"};
  ASSERT_TRUE(attach().ok());
  EXPECT_EQ(payloads.binary, "/x/schedrig-scx");
  EXPECT_THAT(payloads.args, ElementsAre("/proc/self/exe", "--global", "slice_ns=5000000", "--ops",
                                         "timeout_ms=500"));
  EXPECT_THAT(payloads.files, ElementsAre("/proc/self/exe"));
}

TEST_F(Schedulers, a_machines_watchdog_shortens_what_a_plugin_asks_for_and_no_more) {
  files.states = {"disabled", "enabled", "disabled"};
  facet.limit_watchdog(200 * kMs);
  ASSERT_TRUE(attach().ok());
  EXPECT_EQ(payloads.args.back(), "timeout_ms=200");
  facet.forget();
  files.states = {"disabled", "enabled"};
  facet.limit_watchdog(900 * kMs);
  ASSERT_TRUE(attach().ok());
  EXPECT_EQ(payloads.args.back(), "timeout_ms=500");
}

TEST_F(Schedulers, a_loader_program_runs_with_its_own_arguments) {
  plugin.object.clear();
  plugin.binary = "scx_mine";
  files.states = {"disabled", "enabled"};
  ASSERT_TRUE(attach().ok());
  EXPECT_EQ(payloads.binary, "scx_mine");
  EXPECT_THAT(payloads.args, ElementsAre("-v"));
}

TEST_F(Schedulers, neither_and_both_of_object_and_program_are_refused) {
  files.states = {"disabled"};
  plugin.binary = "scx_mine";
  EXPECT_THAT(attach().message, HasSubstr("both an object and a loader"));
  plugin.binary.clear();
  plugin.object.clear();
  EXPECT_THAT(attach().message, HasSubstr("neither an object nor a loader"));
  plugin.object = "/nonexistent.bpf.o";
  const Status absent = attach();
  EXPECT_EQ(absent.code, StatusCode::kNotFound);
  EXPECT_THAT(absent.message, HasSubstr("/nonexistent.bpf.o"));
}

TEST_F(Schedulers, a_kernel_without_sched_ext_is_named_as_the_cause) {
  const Status status = attach();
  EXPECT_EQ(status.code, StatusCode::kUnsupported);
  EXPECT_THAT(status.message, HasSubstr("no sched_ext"));
  EXPECT_EQ(payloads.binary, "") << "nothing was started";
}

TEST_F(Schedulers, a_second_one_is_refused_and_the_first_named) {
  files.states = {"disabled", "enabled"};
  ASSERT_TRUE(attach().ok());
  const Status second = facet.attach("yours", plugin, {}, kMs);
  EXPECT_EQ(second.code, StatusCode::kAlreadyExists);
  EXPECT_THAT(second.message, HasSubstr("'mine' is attached"));
}

TEST_F(Schedulers, one_that_somebody_else_attached_is_named_by_the_kernel) {
  files.states = {"enabled"};
  const Status status = attach();
  EXPECT_EQ(status.code, StatusCode::kAlreadyExists);
  EXPECT_THAT(status.message, HasSubstr("'other' is attached"));
}

TEST_F(Schedulers, a_refused_load_tells_the_loaders_reason_and_its_log) {
  files.states = {"disabled"};
  payloads.ended = true;
  payloads.out = scx::report_line(scx::kFailed, "the verifier refuses f: R1 is no pointer") +
                 scx::report_line(scx::kLog, "0: (95) exit");
  const Status status = attach();
  EXPECT_EQ(status.code, StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message, HasSubstr("the verifier refuses f"));
  EXPECT_THAT(status.help, HasSubstr("(95) exit"));
}

TEST_F(Schedulers, an_init_that_fails_is_told_in_the_kernels_words) {
  files.states = {"disabled"};
  payloads.ended = true;
  payloads.out = scx::report_line(scx::kFailed, "the kernel disabled it") +
                 scx::report_line(scx::kKind, "1024") +
                 scx::report_line(scx::kReason, "runtime error") +
                 scx::report_line(scx::kMessage, "ops.init() failed (-22)");
  const Status status = attach();
  EXPECT_EQ(status.code, StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message, HasSubstr("SCX_EXIT_ERROR (1024), runtime error: ops.init() failed"));
  facet.look();
  EXPECT_TRUE(exits.empty()) << "the error has told of it";
}

TEST_F(Schedulers, one_that_exits_right_after_its_attach_was_attached_and_has_exited) {
  files.states = {"disabled"};
  payloads.ended = true;
  payloads.out = scx::report_line(scx::kAttached, "mine") + scx::report_line(scx::kKind, "65") +
                 scx::report_line(scx::kReason, "unregistered from BPF") +
                 scx::report_line(scx::kMessage, "bye");
  EXPECT_TRUE(attach().ok());
  EXPECT_EQ(exits.size(), 1U);
  EXPECT_EQ(last.kind, kExitUnregBpf);
  EXPECT_EQ(facet.detach(0).code, StatusCode::kNotFound);
}

TEST_F(Schedulers, an_attach_that_takes_too_long_kills_the_loader) {
  files.states = {"disabled", "enabling", "disabled"};
  const Status status = attach(0);
  EXPECT_EQ(status.code, StatusCode::kTimeout);
  EXPECT_EQ(payloads.kills, 1);
  EXPECT_EQ(files.stat_path, "/proc/100/stat");
  EXPECT_THAT(status.message, HasSubstr("its loader /x/schedrig-scx, pid 100, is stopped (T)"));
  EXPECT_EQ(facet.detach(0).code, StatusCode::kNotFound);
}

TEST_F(Schedulers, an_exit_is_told_once_with_the_task_that_it_is_about) {
  files.states = {"disabled", "enabled"};
  ASSERT_TRUE(attach().ok());
  facet.look();
  EXPECT_TRUE(exits.empty());
  payloads.ended = true;
  payloads.out = scx::report_line(scx::kKind, "1026") + scx::report_line(scx::kCode, "0") +
                 scx::report_line(scx::kReason, "runnable task stall") +
                 scx::report_line(scx::kMessage, "spin[42] failed to run for 4.000s") +
                 scx::report_line(scx::kDump, "CPU 0");
  facet.look();
  facet.look();
  ASSERT_THAT(exits, ElementsAre("runnable task stall: spin[42] failed to run for 4.000s: spin"));
  EXPECT_EQ(last.kind, kExitErrorStall);
  EXPECT_EQ(last.pid, 42);
  EXPECT_EQ(last.at_ns, 9'000 * kMs);
  EXPECT_EQ(last.runnable_since_ns, 5'000 * kMs);
}

TEST_F(Schedulers, a_loader_that_was_killed_is_an_exit_that_says_so) {
  files.states = {"disabled", "enabled"};
  ASSERT_TRUE(attach().ok());
  payloads.ended = true;
  payloads.wait_status = 9; // SIGKILL
  facet.look();
  ASSERT_EQ(exits.size(), 1U);
  EXPECT_EQ(last.kind, kExitUnreg);
  EXPECT_THAT(exits[0], HasSubstr("its loader was killed by signal 9"));
}

TEST_F(Schedulers, detaching_asks_the_kernel_and_is_no_exit) {
  files.states = {"disabled", "enabled", "enabled", "disabled"};
  ASSERT_TRUE(attach().ok());
  ASSERT_TRUE(facet.detach(1'000 * kMs).ok());
  EXPECT_THAT(files.written, ElementsAre("/proc/sysrq-trigger=S"));
  facet.look();
  EXPECT_TRUE(exits.empty());
}

TEST_F(Schedulers, a_loader_that_ignores_the_request_is_killed_when_its_time_is_up) {
  files.states = {"disabled", "enabled", "disabled"};
  payloads.ends_when_asked = false;
  ASSERT_TRUE(attach().ok());
  EXPECT_TRUE(facet.detach(0).ok());
  EXPECT_EQ(payloads.kills, 1);
}

// It waits in the kernel until its scheduler is gone.
TEST_F(Schedulers, a_loader_that_outlives_its_kill_is_no_error_when_the_scheduler_is_gone) {
  files.states = {"disabled", "enabled", "disabling", "disabling", "disabled"};
  payloads.ends_when_asked = false;
  payloads.killable = false;
  ASSERT_TRUE(attach().ok());
  const Status status = facet.detach(0);
  EXPECT_TRUE(status.ok()) << status.message;
}

TEST_F(Schedulers, a_loader_that_came_second_after_all_is_an_exit_with_its_reason) {
  files.states = {"disabled", "enabled"}; // by the other
  ASSERT_TRUE(attach().ok());
  payloads.ended = true;
  payloads.wait_status = 1 << 8;
  payloads.out = scx::report_line(scx::kFailed, "attach: busy; scheduler 'other' is attached");
  facet.look();
  ASSERT_EQ(exits.size(), 1U);
  EXPECT_THAT(exits[0], HasSubstr("scheduler 'other' is attached"));
}

} // namespace
} // namespace schedrig::kvm

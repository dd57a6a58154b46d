// SPDX-License-Identifier: MIT
// Every file case on the backend under test. The fixture gives each case a fresh cgroup with all
// controllers that the rig uses, and a worker where it asks for one.
#include <algorithm>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "tests/contract/booted_machine.hpp"
#include "tests/contract/file_cases.hpp"
#include "tests/contract/requirements.hpp"

namespace schedrig::contract {
namespace {

constexpr char kCgroup[] = "/sys/fs/cgroup/contract";
constexpr std::int64_t kGraceNs = 20'000'000'000; // an emulated host may be slow

struct OnePid final : PidSink {
  void on_pid(std::uint32_t /*worker*/, std::int32_t pid) noexcept override { value = pid; }
  std::int32_t value = 0;
};
struct NoReport final : WorkerReportSink {
  void on_report(const WorkerReport& /*report*/) noexcept override {}
};
struct OneReply final : FileReplySink {
  void on_reply(std::uint32_t /*index*/, const FileReply& reply) noexcept override {
    os_errno = reply.os_errno;
    data = reply.data;
  }
  int os_errno = -1;
  std::string data;
};

class FileContract : public testing::TestWithParam<FileCase> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(machine().up()) << machine().problem();
    if (const std::string reason = why_not(GetParam(), machine()); !reason.empty()) {
      GTEST_SKIP() << reason;
    }
    for (const char* controller : {"cpuset", "cpu", "io", "memory", "pids"}) {
      if (!machine().has_controller(controller)) {
        continue;
      }
      const auto enabled = machine().files().write("/sys/fs/cgroup/cgroup.subtree_control",
                                                   std::string("+") + controller);
      ASSERT_TRUE(enabled) << enabled.error().message;
    }
    const auto made = machine().files().mkdir(kCgroup);
    ASSERT_TRUE(made) << made.error().message;
    if (GetParam().has_worker || uses_pid(GetParam())) {
      OnePid pid;
      std::uint32_t group = 0;
      const Status spawned = machine().tasks().spawn({}, &group, pid);
      ASSERT_TRUE(spawned.ok()) << spawned.message;
      group_ = group;
      pid_ = pid.value;
      ASSERT_TRUE(machine().tasks().start(group).ok());
    }
    if (GetParam().has_worker) {
      const auto moved =
          machine().files().write(std::string(kCgroup) + "/cgroup.procs", std::to_string(pid_));
      ASSERT_TRUE(moved) << moved.error().message;
    }
  }

  void TearDown() override {
    if (!machine().up() || IsSkipped()) {
      return;
    }
    (void)machine().files().write(std::string(kCgroup) + "/cgroup.freeze", "0");
    if (group_) {
      NoReport nothing;
      EXPECT_TRUE(machine().tasks().stop(*group_, kGraceNs, nothing).ok());
    }
    (void)machine().files().rmdir(std::string(kCgroup) + "/a");
    const auto removed = machine().files().rmdir(kCgroup);
    EXPECT_TRUE(removed) << removed.error().message;
  }

  static BootedMachine& machine() { return BootedMachine::get(); }

  [[nodiscard]] static bool uses_pid(const FileCase& one) {
    return (one.step.path + one.step.data).find("{pid}") != std::string::npos;
  }

  [[nodiscard]] std::string filled(std::string text) const {
    const auto replace = [&](std::string_view what, const std::string& by) {
      const std::size_t at = text.find(what);
      if (at != std::string::npos) {
        text.replace(at, what.size(), by);
      }
    };
    replace("{}", kCgroup);
    replace("{pid}", std::to_string(pid_));
    return text;
  }

  OneReply run(const FileStep& step) {
    OneReply reply;
    const std::string path = filled(step.path);
    const std::string data = filled(step.data);
    const FileOp op = {.kind = step.kind, .path = path, .data = data};
    auto* files = query<FilesFacet>(machine().machine());
    const Status status = files->run({&op, 1}, FileBatchMode::kAll, reply);
    EXPECT_TRUE(status.ok()) << status.message;
    return reply;
  }

 private:
  std::optional<std::uint32_t> group_;
  std::int32_t pid_ = 0;
};

std::string error_name(int os_errno) {
  return os_errno == 0 ? "success" : os_errno > 0 ? strerrorname_np(os_errno) : "no reply";
}

TEST_P(FileContract, holds) {
  const FileCase& one = GetParam();
  for (const FileStep& step : one.before) {
    ASSERT_EQ(error_name(run(step).os_errno), "success") << step.path << " " << step.data;
  }
  const OneReply reply = run(one.step);
  EXPECT_EQ(error_name(reply.os_errno), error_name(one.os_errno));
  const bool answers = one.step.kind == FileOpKind::kRead || one.step.kind == FileOpKind::kList;
  if (answers && one.os_errno == 0) {
    EXPECT_EQ(reply.data, filled(one.reads));
  }
}

std::string case_name(const testing::TestParamInfo<FileCase>& info) {
  std::string name = info.param.name;
  std::ranges::replace_if(name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name + "_" + std::to_string(info.index);
}

INSTANTIATE_TEST_SUITE_P(Files, FileContract, testing::ValuesIn(file_cases()), case_name);

} // namespace
} // namespace schedrig::contract

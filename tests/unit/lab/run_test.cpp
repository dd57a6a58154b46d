// SPDX-License-Identifier: MIT
// The lab, for real: every test boots the emulated host. Output, exit codes, files, /dev/kvm,
// interruption, deadlines, and each way in which an emulated host fails to be there.
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/kernel/bzimage.hpp"
#include "host/lab/lab.hpp"
#include "tests/unit/apt/temp_dir.hpp"

namespace schedrig::lab {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

class LabRun : public ::testing::Test {
 protected:
  void SetUp() override {
    auto qemu = find_qemu();
    ASSERT_TRUE(qemu) << qemu.error().message << ": " << qemu.error().help;
    const auto kernels = kernel::KernelCache::open();
    ASSERT_TRUE(kernels);
    auto host = kernels->find_lab_host();
    ASSERT_TRUE(host) << host.error().message << ": " << host.error().help;
    request_.qemu = *qemu;
    request_.host_kernel = *host;
    request_.init = LAB_INIT;
    request_.on_stdout = [this](std::string_view text) { out_ += text; };
    request_.on_stderr = [this](std::string_view text) { err_ += text; };
  }

  Result<LabReport> run(const std::vector<std::string>& arguments) {
    request_.command = {LAB_SUBJECT};
    request_.command.insert(request_.command.end(), arguments.begin(), arguments.end());
    auto report = run_in_lab(request_);
    if (report) {
      std::printf("lab: staging %lld ms, boot %lld ms, run %lld ms, initramfs %llu KiB\n",
                  static_cast<long long>(report->staging.count()),
                  static_cast<long long>(report->boot.count()),
                  static_cast<long long>(report->run.count()),
                  static_cast<unsigned long long>(report->initramfs_bytes / 1024));
    }
    return report;
  }

  LabRequest request_;
  std::string out_;
  std::string err_;
};

TEST_F(LabRun, boots_and_brings_back_output_and_exit_code) {
  const auto report = run({"speak"});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->exit_code, 7);
  EXPECT_EQ(out_, "to stdout\n" + request_.host_kernel.facts.version + "\n");
  EXPECT_EQ(err_, "to stderr\n");
  EXPECT_GT(report->boot.count(), 0);
}

TEST_F(LabRun, says_how_long_its_cpus_waited_for_this_machines) {
  std::atomic<bool> over = false;
  std::vector<std::thread> others;
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i) {
    others.emplace_back([&over] {
      while (!over.load(std::memory_order_relaxed)) {
      }
    });
  }
  const auto report = run({"speak"});
  over = true;
  for (std::thread& other : others) {
    other.join();
  }
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_GT(report->waited.count(), 0);
}

TEST_F(LabRun, has_a_kvm_that_makes_virtual_cpus) {
  const auto report = run({"kvm"});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(out_, "vcpu made\n");
  EXPECT_EQ(report->exit_code, 0);
}

// The emulator's fault of host/lab/init/first_cpu.hpp: no guest may run on CPU 0.
TEST_F(LabRun, the_command_has_every_cpu_but_the_first) {
  request_.cpus = 2;
  const auto report = run({"show", "/proc/self/status"});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_NE(out_.find("Cpus_allowed_list:\t1-2\n"), std::string::npos) << out_;
}

TEST_F(LabRun, files_go_in_and_reports_come_back_whole) {
  const test::TempDir temp;
  request_.working_dir = (temp.path() / "work").string();
  request_.outputs = {{(temp.path() / "work/big").string(), temp.path() / "big"},
                      {"/never/written", temp.path() / "never"},
                      {(temp.path() / "work/b").string(), temp.path() / "a_b", true},
                      {"/never/any-", temp.path() / "any-", true}};
  const auto report = run({"write", "big", "1000000"});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->exit_code, 0);
  EXPECT_EQ(report->missing, std::vector<std::string>{"/never/written"});
  EXPECT_FALSE(fs::exists(temp.path() / "never"));
  EXPECT_EQ(fs::file_size(temp.path() / "a_big"), 1000000U);
  std::ifstream file(temp.path() / "big", std::ios::binary);
  std::string content;
  std::getline(file, content, '\0');
  ASSERT_EQ(content.size(), 1000000U);
  for (std::size_t i = 0; i < content.size(); ++i) {
    ASSERT_EQ(content[i], static_cast<char>('a' + i % 26)) << i;
  }
}

TEST_F(LabRun, staged_files_and_guest_kernels_are_where_they_are_looked_for) {
  const test::TempDir temp;
  temp.write("dir/below/config.toml", "schema = 1\n");
  request_.files = {temp.path() / "dir"};
  request_.guest_kernels = {request_.host_kernel};
  const auto report = run({"show", (temp.path() / "dir/below/config.toml").string()});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(out_, "schema = 1\n");
  out_.clear();
  const std::string meta = "/lab/cache/schedrig/kernels/" + request_.host_kernel.id + "/meta";
  const auto second = run({"show", meta});
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_NE(out_.find("version=" + request_.host_kernel.facts.version), std::string::npos);
}

TEST_F(LabRun, a_process_that_outlives_the_command_does_not_keep_the_lab) {
  const auto report = run({"orphan"});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->exit_code, 3);
}

TEST_F(LabRun, an_interruption_reaches_the_command_which_ends_in_order) {
  const int cancel = ::eventfd(0, EFD_CLOEXEC);
  request_.cancel_fd = cancel;
  request_.on_stdout = [&](std::string_view text) {
    out_ += text;
    if (out_ == "waiting\n") {
      const std::uint64_t one = 1;
      EXPECT_EQ(::write(cancel, &one, sizeof one), 8);
    }
  };
  const auto report = run({"wait"});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->exit_code, 42);
  EXPECT_EQ(out_, "waiting\ninterrupted\n");
  ::close(cancel);
}

TEST_F(LabRun, an_interruption_before_the_command_runs_ends_the_lab_at_once) {
  const int cancel = ::eventfd(1, EFD_CLOEXEC); // readable from the start
  request_.cancel_fd = cancel;
  const auto report = run({"wait"});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, StatusCode::kInterrupted) << report.error().message;
  EXPECT_EQ(out_, "") << "the command must not have run";
  ::close(cancel);
}

TEST_F(LabRun, a_command_that_does_not_end_meets_its_deadline) {
  request_.run_deadline = seconds(2);
  const auto report = run({"stubborn"});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, StatusCode::kTimeout);
  EXPECT_NE(report.error().message.find("within 2 s"), std::string::npos);
  EXPECT_EQ(out_, "waiting\n");
}

TEST_F(LabRun, a_host_that_panics_at_boot_is_started_once_more_and_says_so) {
  request_.qemu_arguments = {"-append", "console=ttyS0 quiet panic=-1 rdinit=/nonexistent"};
  const auto report = run({"speak"});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, StatusCode::kGuestFailed);
  EXPECT_NE(report.error().message.find("ended before it was up"), std::string::npos);
  const std::string again = "panicked while booting (Kernel panic - not syncing";
  const std::size_t first = err_.find(again);
  ASSERT_NE(first, std::string::npos) << err_ << report.error().message;
  EXPECT_EQ(err_.find(again, first + 1), std::string::npos) << "not a third time";
  EXPECT_TRUE(out_.empty());
}

TEST_F(LabRun, a_machine_that_crashes_in_the_middle_is_lost_with_its_last_words) {
  const auto report = run({"crash"});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, StatusCode::kGuestFailed) << report.error().message;
  EXPECT_NE(report.error().message.find("lost while the command ran"), std::string::npos);
  EXPECT_NE(report.error().message.find("it said: Kernel panic - not syncing: sysrq"),
            std::string::npos)
      << report.error().message;
}

TEST_F(LabRun, a_kernel_that_hangs_meets_the_boot_deadline_twice) {
  // Damage in the middle of the packed kernel: its own unpacking stops and halts.
  const auto whole = kernel::read_file(request_.host_kernel.image, kernel::kMaxImageBytes);
  ASSERT_TRUE(whole);
  const auto header = kernel::parse_bzimage(*whole);
  ASSERT_TRUE(header);
  std::string image(reinterpret_cast<const char*>(whole->data()), whole->size());
  image.replace(header->payload_at + header->payload_size / 4, 4096, 4096, '\xaa');
  const test::TempDir temp;
  request_.host_kernel.image = temp.write("vmlinuz", image);
  request_.boot_deadline = seconds(6);
  const auto report = run({"speak"});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, StatusCode::kTimeout) << report.error().message;
  EXPECT_NE(report.error().message.find("the emulated host was not up within 6 s"),
            std::string::npos)
      << report.error().message;
  const std::size_t first = err_.find("hung while booting");
  ASSERT_NE(first, std::string::npos) << err_;
  EXPECT_EQ(err_.find("hung while booting", first + 1), std::string::npos) << "not a third time";
}

TEST_F(LabRun, a_host_whose_modules_do_not_load_has_no_kvm_and_says_so) {
  const test::TempDir temp;
  request_.host_kernel.modules = {temp.write("10-kvm.ko", "not a module")};
  const auto report = run({"speak"});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, StatusCode::kUnsupported) << report.error().message;
  EXPECT_NE(report.error().message.find("no /dev/kvm"), std::string::npos);
  EXPECT_NE(report.error().message.find("cannot load 10-kvm.ko"), std::string::npos);
  EXPECT_EQ(out_, "") << "the command must not have run";
}

TEST_F(LabRun, a_qemu_that_refuses_its_arguments_is_quoted) {
  request_.memory_mib = 1;
  const auto report = run({"speak"});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, StatusCode::kGuestFailed) << report.error().message;
  EXPECT_NE(report.error().message.find("qemu said"), std::string::npos) << report.error().message;
}

// Children of `pid`, by /proc.
std::set<pid_t> children_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
  std::set<pid_t> result;
  for (pid_t child = 0; file >> child;) {
    result.insert(child);
  }
  return result;
}

TEST_F(LabRun, sigkill_leaves_no_process_and_no_file) {
  const test::TempDir temp;
  request_.outputs = {{"/tmp/report", temp.path() / "report"}};
  std::array<int, 2> channel{};
  ASSERT_EQ(::pipe(channel.data()), 0);
  const pid_t rig = ::fork();
  ASSERT_GE(rig, 0);
  if (rig == 0) {
    request_.on_stdout = [&](std::string_view text) {
      [[maybe_unused]] const auto n = ::write(channel[1], text.data(), text.size());
    };
    (void)run({"wait"});
    ::_exit(0);
  }
  ::close(channel[1]);
  std::array<char, 16> text{};
  ASSERT_GT(::read(channel[0], text.data(), text.size()), 0) << "the lab did not come up";
  std::vector<int> watches;
  for (const pid_t child : children_of(rig)) {
    watches.push_back(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    ASSERT_GE(watches.back(), 0);
  }
  EXPECT_EQ(watches.size(), 1U) << "QEMU is the only process";
  ::kill(rig, SIGKILL);
  ::waitpid(rig, nullptr, 0);
  for (const int watch : watches) {
    pollfd polled{watch, POLLIN, 0};
    EXPECT_EQ(::poll(&polled, 1, 20000), 1) << "QEMU outlived schedrig";
    ::close(watch);
  }
  EXPECT_TRUE(fs::is_empty(temp.path()));
  ::close(channel[0]);
}

} // namespace
} // namespace schedrig::lab

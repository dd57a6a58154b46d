// SPDX-License-Identifier: MIT
// /sys/fs/cgroup of the mock machine: what the kernel's files say to right and wrong use
// (kernel/cgroup/*.c of Linux 6.18).
#include <cerrno>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

class CgroupFilesTest : public testing::Test {
 protected:
  TestMachine m{4};

  static std::string at(const std::string& path) { return kCgroups + "/" + path; }
  void make(const std::string& path) { ASSERT_EQ(m.mkdir(at(path)), 0) << path; }
  void enable(const std::string& path, const std::string& what) {
    ASSERT_EQ(
        m.write(kCgroups + (path.empty() ? "" : "/" + path) + "/cgroup.subtree_control", what), 0);
  }
  // A worker in the cgroup; its pid.
  std::string populate(const std::string& path) {
    m.run_work(work(WorkType::kSpin), at(path));
    return std::to_string(m.pids()[0]);
  }
  std::string text(const std::string& path) {
    const Reply reply = m.read(at(path));
    EXPECT_EQ(reply.error, 0) << path;
    return reply.data;
  }
};

TEST_F(CgroupFilesTest, mkdir_says_what_mkdir_says) {
  make("a");
  make("a/b");
  EXPECT_EQ(m.mkdir(at("a")), EEXIST);
  EXPECT_EQ(m.mkdir(at("cgroup.procs")), EEXIST);
  EXPECT_EQ(m.mkdir(at("nope/b")), ENOENT);
  EXPECT_EQ(m.mkdir(at("cgroup.procs/b")), ENOTDIR);
  EXPECT_EQ(m.mkdir(at("new\nline")), EINVAL);
  EXPECT_EQ(m.mkdir(at(std::string(256, 'x'))), 0); // kernfs does not look at NAME_MAX
  EXPECT_EQ(m.mkdir(at(std::string(255, 'x'))), 0);
  EXPECT_EQ(m.mkdir(kCgroups), EEXIST);
  EXPECT_EQ(m.mkdir(at("a/.")), EEXIST);
  EXPECT_EQ(m.mkdir(at("c/")), 0);
}

TEST_F(CgroupFilesTest, rmdir_says_what_rmdir_says) {
  make("a");
  make("a/b");
  EXPECT_EQ(m.rmdir(at("a")), EBUSY); // children
  EXPECT_EQ(m.rmdir(at("nope")), ENOENT);
  EXPECT_EQ(m.rmdir(at("cgroup.procs")), ENOTDIR);
  EXPECT_EQ(m.rmdir(kCgroups), EBUSY); // a mount point
  EXPECT_EQ(m.rmdir(at("a/.")), EINVAL);
  EXPECT_EQ(m.rmdir(at("a/..")), ENOTEMPTY);
  populate("a/b");
  EXPECT_EQ(m.rmdir(at("a/b")), EBUSY); // populated
  m.stop(0);
  EXPECT_EQ(m.rmdir(at("a/b")), 0);
  EXPECT_EQ(m.rmdir(at("a")), 0);
  EXPECT_EQ(m.read(at("a/cgroup.procs")).error, ENOENT);
}

TEST_F(CgroupFilesTest, opening_follows_the_vfs) {
  EXPECT_EQ(m.read(kCgroups).error, EISDIR);
  EXPECT_EQ(m.write(kCgroups, "1"), EISDIR);
  EXPECT_EQ(m.read(at("nope")).error, ENOENT);
  EXPECT_EQ(m.read(at("cgroup.procs/x")).error, ENOTDIR);
  EXPECT_EQ(m.read(at("cgroup.procs/")).error, ENOTDIR);
  EXPECT_EQ(m.file(FileOpKind::kList, at("cgroup.procs")).error, ENOTDIR);
  EXPECT_EQ(m.read(at("./../cgroup//cgroup.procs")).error, 0);
  EXPECT_EQ(m.read(at("nope/../cgroup.procs")).error, ENOENT);
}

TEST_F(CgroupFilesTest, files_without_that_direction_are_einval_for_root) {
  make("a");
  EXPECT_EQ(m.write(at("cgroup.controllers"), "x"), EINVAL);
  EXPECT_EQ(m.write(at("a/cgroup.events"), "x"), EINVAL);
  EXPECT_EQ(m.read(at("a/cgroup.kill")).error, EINVAL);
}

TEST_F(CgroupFilesTest, nothing_written_is_nothing_done_and_too_much_is_refused) {
  make("a");
  EXPECT_EQ(m.write(at("a/cgroup.procs"), ""), 0);
  EXPECT_EQ(m.write(at("a/cgroup.procs"), std::string(4097, ' ')), E2BIG);
  EXPECT_EQ(m.write(at("a/cgroup.procs"), std::string(4096, ' ')), EINVAL);
}

TEST_F(CgroupFilesTest, procs_takes_pids_only) {
  make("a");
  for (const char* garbage : {"x", "-1", "1x", "1 2", " ", "99999999999999999999"}) {
    EXPECT_EQ(m.write(at("a/cgroup.procs"), garbage), EINVAL) << garbage;
  }
  EXPECT_EQ(m.write(at("a/cgroup.procs"), "31000"), ESRCH);
  const std::string pid = populate("a");
  EXPECT_EQ(text("a/cgroup.procs"), pid + "\n");
  EXPECT_EQ(text("a/cgroup.threads"), pid + "\n");
  EXPECT_EQ(m.write(at("cgroup.procs"), " " + pid + " \n"), 0);
  EXPECT_EQ(text("a/cgroup.procs"), "");
  EXPECT_EQ(m.write(at("a/cgroup.procs"), "0x" + std::string("1")), 0); // base 0; pid 1
  EXPECT_EQ(text("a/cgroup.procs"), "1\n");
  EXPECT_EQ(m.write(at("cgroup.procs"), "0"), 0); // the writer
  EXPECT_EQ(m.read("/proc/1/cgroup").data, "0::/\n");
}

TEST_F(CgroupFilesTest, processes_are_spawned_where_the_agent_is) {
  make("a");
  ASSERT_EQ(m.write(at("a/cgroup.procs"), "1"), 0);
  m.run_work(work(WorkType::kSpin));
  EXPECT_EQ(m.read("/proc/" + std::to_string(m.pids()[0]) + "/cgroup").data, "0::/a\n");
}

TEST_F(CgroupFilesTest, controllers_appear_when_the_parent_enables_them) {
  make("a");
  EXPECT_EQ(text("cgroup.controllers"), "cpuset cpu io memory pids\n");
  EXPECT_EQ(text("a/cgroup.controllers"), "");
  EXPECT_EQ(m.read(at("a/cpuset.cpus")).error, ENOENT);
  EXPECT_EQ(m.write(at("a/cpu.weight"), "100"), ENOENT);
  EXPECT_EQ(m.write(at("a/cgroup.subtree_control"), "+cpu"), ENOENT);
  enable("", "+cpuset +cpu");
  EXPECT_EQ(text("cgroup.subtree_control"), "cpuset cpu\n");
  EXPECT_EQ(text("a/cgroup.controllers"), "cpuset cpu\n");
  EXPECT_EQ(text("a/cpuset.cpus"), "\n");
  EXPECT_EQ(text("a/cpuset.cpus.effective"), "0-3\n");
  EXPECT_EQ(text("a/cpu.weight"), "100\n");
  EXPECT_EQ(m.read(at("cpu.weight")).error, ENOENT); // not on the root
  EXPECT_EQ(m.read(at("cgroup.freeze")).error, ENOENT);
  enable("", "-cpu");
  EXPECT_EQ(m.read(at("a/cpu.weight")).error, ENOENT);
}

TEST_F(CgroupFilesTest, subtree_control_refuses_what_it_cannot_parse) {
  for (const char* garbage : {"cpu", "+nope", "+", "*cpu", "+cpu,+cpuset"}) {
    EXPECT_EQ(m.write(at("cgroup.subtree_control"), garbage), EINVAL) << garbage;
  }
  EXPECT_EQ(m.write(at("cgroup.subtree_control"), "  +cpu   -io  \n"), 0);
  EXPECT_EQ(m.write(at("cgroup.subtree_control"), "-cpu +cpu"), 0); // the last word counts
  EXPECT_EQ(text("cgroup.subtree_control"), "cpu\n");
}

TEST_F(CgroupFilesTest, a_controller_in_use_below_cannot_be_disabled) {
  make("a");
  enable("", "+cpu");
  enable("a", "+cpu");
  EXPECT_EQ(m.write(at("cgroup.subtree_control"), "-cpu"), EBUSY);
  enable("a", "-cpu");
  enable("", "-cpu");
}

TEST_F(CgroupFilesTest, no_processes_beside_domain_controllers_except_in_the_root) {
  make("a");
  make("a/b");
  enable("", "+memory +cpu +cpuset");
  const std::string pid = populate("a");
  EXPECT_EQ(m.write(at("a/cgroup.subtree_control"), "+memory"), EBUSY);
  // Threaded controllers may: the cgroup becomes a thread root, its children lose their domain.
  EXPECT_EQ(m.write(at("a/cgroup.subtree_control"), "+cpu"), 0);
  EXPECT_EQ(text("a/cgroup.type"), "domain threaded\n");
  EXPECT_EQ(text("a/b/cgroup.type"), "domain invalid\n");
  EXPECT_EQ(m.write(at("a/b/cgroup.procs"), pid), EOPNOTSUPP);
  EXPECT_EQ(m.write(at("a/cgroup.subtree_control"), "+memory"), EOPNOTSUPP);
  EXPECT_EQ(m.write(at("cgroup.procs"), pid), 0);
  EXPECT_EQ(text("a/b/cgroup.type"), "domain\n");
  EXPECT_EQ(m.write(at("a/cgroup.subtree_control"), "+memory"), 0);
  EXPECT_EQ(m.write(at("a/cgroup.procs"), pid), EBUSY);
  EXPECT_EQ(m.write(at("a/b/cgroup.procs"), pid), 0);
}

TEST_F(CgroupFilesTest, threaded_cgroups_keep_their_rules) {
  make("a");
  make("a/t");
  EXPECT_EQ(m.write(at("a/t/cgroup.type"), "domain"), EINVAL);
  const std::string pid = populate("a/t");
  EXPECT_EQ(m.write(at("a/t/cgroup.type"), "threaded"), EOPNOTSUPP); // populated
  ASSERT_EQ(m.write(at("a/cgroup.procs"), pid), 0);
  ASSERT_EQ(m.write(at("a/t/cgroup.type"), "threaded"), 0);
  EXPECT_EQ(text("a/t/cgroup.type"), "threaded\n");
  EXPECT_EQ(text("a/cgroup.type"), "domain threaded\n");
  EXPECT_EQ(m.read(at("a/t/cgroup.procs")).error, EOPNOTSUPP);
  EXPECT_EQ(m.write(at("a/t/cgroup.threads"), pid), 0); // within the domain
  EXPECT_EQ(text("a/t/cgroup.threads"), pid + "\n");
  EXPECT_EQ(text("a/cgroup.procs"), pid + "\n");             // the domain's process
  EXPECT_EQ(m.write(at("cgroup.threads"), pid), EOPNOTSUPP); // into another domain
  EXPECT_EQ(m.write(at("a/t/cgroup.kill"), "1"), EOPNOTSUPP);
}

TEST_F(CgroupFilesTest, cpuset_takes_lists_of_cpus_that_exist) {
  make("a");
  make("a/b");
  enable("", "+cpuset");
  enable("a", "+cpuset");
  for (const char* garbage : {"x", "1-", "3-1", "1,,x", "0-3:2", "0-3:3/2", "-1"}) {
    EXPECT_EQ(m.write(at("a/cpuset.cpus"), garbage), EINVAL) << garbage;
  }
  EXPECT_EQ(m.write(at("a/cpuset.cpus"), "4"), ERANGE);
  EXPECT_EQ(m.write(at("a/cpuset.cpus"), "0-9"), ERANGE);
  EXPECT_EQ(m.write(at("a/cpuset.cpus"), "4294967296"), EOVERFLOW);
  EXPECT_EQ(m.write(at("cpuset.cpus"), "0"), ENOENT); // not on the root
  EXPECT_EQ(m.write(at("a/cpuset.cpus.effective"), "0"), EINVAL);
  EXPECT_EQ(m.write(at("a/cpuset.cpus"), "0-3:1/2\n"), 0);
  EXPECT_EQ(text("a/cpuset.cpus"), "0,2\n");
  EXPECT_EQ(text("a/b/cpuset.cpus.effective"), "0,2\n");
  EXPECT_EQ(m.write(at("a/b/cpuset.cpus"), "1-2"), 0);
  EXPECT_EQ(text("a/b/cpuset.cpus"), "1-2\n");
  EXPECT_EQ(text("a/b/cpuset.cpus.effective"), "2\n");
  EXPECT_EQ(m.write(at("a/b/cpuset.cpus"), "3"), 0); // nothing in common: the parent's
  EXPECT_EQ(text("a/b/cpuset.cpus.effective"), "0,2\n");
  EXPECT_EQ(m.write(at("a/cpuset.cpus"), "\n"), 0); // cleared
  EXPECT_EQ(text("a/cpuset.cpus"), "\n");
  EXPECT_EQ(text("a/b/cpuset.cpus.effective"), "3\n");
  EXPECT_EQ(m.write(at("a/cpuset.mems"), "1"), EINVAL);
  EXPECT_EQ(m.write(at("a/cpuset.mems"), "0"), 0);
  EXPECT_EQ(text("a/cpuset.mems.effective"), "0\n");
}

TEST_F(CgroupFilesTest, knobs_check_their_ranges) {
  make("a");
  enable("", "+cpu +memory +io +pids");
  const auto expect = [&](const std::string& file, const std::string& value, int error) {
    EXPECT_EQ(m.write(at("a/" + file), value), error) << file << " " << value;
  };
  expect("cpu.weight", "0", ERANGE);
  expect("cpu.weight", "10001", ERANGE);
  expect("cpu.weight", "x", EINVAL);
  expect("cpu.weight", "", 0);
  expect("cpu.weight", "-1", EINVAL);
  expect("cpu.weight", "99999999999999999999", ERANGE);
  expect("cpu.weight", "500\n", 0);
  EXPECT_EQ(text("a/cpu.weight"), "500\n");
  EXPECT_EQ(text("a/cpu.max"), "max 100000\n");
  expect("cpu.max", "x", EINVAL);
  expect("cpu.max", "999 100000", EINVAL);
  expect("cpu.max", "50000 999", EINVAL);
  expect("cpu.max", "50000 1000001", EINVAL);
  expect("cpu.max", "50000 200000", 0);
  EXPECT_EQ(text("a/cpu.max"), "50000 200000\n");
  expect("cpu.max", "max", 0);
  EXPECT_EQ(text("a/cpu.max"), "max 200000\n");
  expect("memory.max", "64M", 0);
  EXPECT_EQ(text("a/memory.max"), "67108864\n");
  expect("memory.max", "4097", 0);
  EXPECT_EQ(text("a/memory.max"), "4096\n");
  expect("memory.max", "lots", EINVAL);
  expect("memory.high", "max", 0);
  EXPECT_EQ(text("a/memory.high"), "max\n");
  expect("io.weight", "0", EINVAL);
  expect("io.weight", "default 200", 0);
  EXPECT_EQ(text("a/io.weight"), "default 200\n");
  expect("pids.max", "-1", EINVAL);
  expect("pids.max", "x", EINVAL);
  expect("pids.max", "10", 0);
  EXPECT_EQ(text("a/pids.max"), "10\n");
  EXPECT_EQ(text("a/pids.current"), "0\n");
}

TEST_F(CgroupFilesTest, freeze_takes_zero_and_one) {
  make("a");
  for (const char* garbage : {"x", "", "1 1", "frozen"}) {
    EXPECT_EQ(m.write(at("a/cgroup.freeze"), garbage), *garbage == '\0' ? 0 : EINVAL) << garbage;
  }
  EXPECT_EQ(m.write(at("a/cgroup.freeze"), "2"), ERANGE);
  EXPECT_EQ(m.write(at("a/cgroup.freeze"), "-1"), ERANGE);
  EXPECT_EQ(m.write(at("a/cgroup.freeze"), "1"), 0);
  EXPECT_EQ(text("a/cgroup.freeze"), "1\n");
  EXPECT_EQ(text("a/cgroup.events"), "populated 0\nfrozen 1\n"); // nobody to wait for
  EXPECT_EQ(m.write(at("a/cgroup.freeze"), "1"), 0);
  EXPECT_EQ(m.write(at("a/cgroup.freeze"), "0"), 0);
  EXPECT_EQ(text("a/cgroup.events"), "populated 0\nfrozen 0\n");
}

TEST_F(CgroupFilesTest, kill_takes_one_and_ends_the_subtree) {
  make("a");
  make("a/b");
  EXPECT_EQ(m.write(at("a/cgroup.kill"), "0"), ERANGE);
  EXPECT_EQ(m.write(at("a/cgroup.kill"), "x"), EINVAL);
  populate("a/b");
  EXPECT_EQ(text("a/cgroup.events"), "populated 1\nfrozen 0\n");
  EXPECT_EQ(m.write(at("a/cgroup.kill"), "1"), 0);
  m.run_for(kSecond);
  EXPECT_EQ(text("a/cgroup.events"), "populated 0\nfrozen 0\n");
  EXPECT_EQ(m.stop(0)[0].report.wait_status, 9);
}

TEST_F(CgroupFilesTest, lists_are_sorted_by_name) {
  make("b");
  make("a");
  const std::string names = m.file(FileOpKind::kList, kCgroups).data;
  EXPECT_EQ(names, "a/\nb/\ncgroup.controllers\ncgroup.procs\ncgroup.subtree_control\n"
                   "cgroup.threads\ncpu.stat\ncpuset.cpus.effective\ncpuset.mems.effective\n");
}

} // namespace
} // namespace schedrig::mock::test

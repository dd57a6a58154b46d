// SPDX-License-Identifier: MIT
// /proc and /sys of the mock machine, and the limits of file batches.
#include <cerrno>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/mock/bad_policies.hpp"
#include "tests/unit/mock/machine_fixture.hpp"

namespace schedrig::mock::test {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

TEST(ProcFiles, stat_has_the_fields_of_proc_5) {
  TestMachine m(1);
  WorkSpec spec = work(WorkType::kSpin);
  spec.nice = 5;
  const auto group = m.run_work(spec);
  const std::string pid = std::to_string(m.pids()[0]);
  m.run_for(kSecond);
  const auto fields = words(m.read("/proc/" + pid + "/stat").data);
  ASSERT_EQ(fields.size(), 52U);
  EXPECT_EQ(fields[0], pid);
  EXPECT_EQ(fields[1], "(spin)");
  EXPECT_EQ(fields[2], "R");
  EXPECT_EQ(fields[3], "1");
  EXPECT_NEAR(std::stoi(fields[13]), 100, 1); // utime, in hundredths of a second
  EXPECT_EQ(fields[17], "25");
  EXPECT_EQ(fields[18], "5");
  EXPECT_EQ(fields[38], "0");
  m.stop(group);
  EXPECT_EQ(m.read("/proc/" + pid + "/stat").error, ENOENT);
}

TEST(ProcFiles, pids_ascend) {
  TestMachine m(1);
  const auto first = m.spawn(work(WorkType::kSpin, 2));
  EXPECT_EQ(m.pids(), (std::vector<std::int32_t>{3, 4}));
  m.stop(first);
  m.spawn(work(WorkType::kSpin, 1));
  EXPECT_EQ(m.pids(), (std::vector<std::int32_t>{5})); // not reused at once
}

TEST(ProcFiles, errors_are_those_of_procfs_and_sysfs) {
  TestMachine m(2);
  EXPECT_EQ(m.read("/proc/77/stat").error, ENOENT);
  EXPECT_EQ(m.read("/proc/1").error, EISDIR);
  EXPECT_EQ(m.mkdir("/proc/x"), ENOENT);
  EXPECT_EQ(m.mkdir("/sys/x"), EPERM);
  EXPECT_EQ(m.rmdir("/sys/devices"), EPERM);
  EXPECT_EQ(m.write("/sys/devices/system/cpu/online", "0"), EACCES);
  EXPECT_EQ(m.rmdir("/"), EBUSY);
  EXPECT_EQ(m.rmdir("/proc"), EBUSY);
  EXPECT_EQ(m.mkdir("/"), EEXIST);
}

TEST(SysFiles, topology_is_what_the_machine_has) {
  TestMachine m(Topology::uniform(2, 2, 2, 2)); // 2 nodes of one LLC with 2 cores of 2 threads
  const std::string cpus = "/sys/devices/system/cpu/";
  EXPECT_EQ(m.read(cpus + "online").data, "0-7\n");
  EXPECT_EQ(m.read(cpus + "possible").data, "0-7\n");
  EXPECT_EQ(m.read(cpus + "present").data, "0-7\n");
  EXPECT_EQ(m.read(cpus + "cpu5/topology/thread_siblings_list").data, "4-5\n");
  EXPECT_EQ(m.read(cpus + "cpu5/topology/physical_package_id").data, "1\n");
  EXPECT_EQ(m.read(cpus + "cpu5/cache/index3/shared_cpu_list").data, "4-7\n");
  EXPECT_EQ(m.read(cpus + "cpu5/cache/index3/shared_cpu_map").data, "f0\n");
  EXPECT_EQ(m.read(cpus + "cpu5/topology/thread_siblings").data, "30\n");
  EXPECT_EQ(m.read(cpus + "cpu5/topology/package_cpus").data, "f0\n");
  EXPECT_EQ(m.read("/sys/devices/system/node/node1/cpulist").data, "4-7\n");
  EXPECT_EQ(m.read("/sys/devices/system/node/node1/cpumap").data, "f0\n");
  EXPECT_EQ(m.read("/sys/devices/system/node/has_cpu").data, "0-1\n");
  EXPECT_EQ(m.read("/sys/devices/system/node/node1/distance").data, "20 10\n");
  EXPECT_EQ(m.file(FileOpKind::kList, "/sys/devices/system").data, "cpu/\nnode/\n");
  EXPECT_EQ(m.file(FileOpKind::kList, "/").data, "proc/\nsys/\n");
}

TEST(SysFiles, sched_ext_shows_what_is_attached) {
  TestMachine m(2);
  const std::string dir = "/sys/kernel/sched_ext/";
  const auto shows = [&](const char* state, const char* all, const char* seq) {
    EXPECT_EQ(m.read(dir + "state").data, std::string(state) + "\n");
    EXPECT_EQ(m.read(dir + "switch_all").data, std::string(all) + "\n");
    EXPECT_EQ(m.read(dir + "enable_seq").data, std::string(seq) + "\n");
    EXPECT_EQ(m.read(dir + "nr_rejected").data, "0\n");
  };
  ASSERT_TRUE(m.attach<Sound>("eevdf").ok());
  shows("disabled", "0", "0"); // the kernel's own is no sched_ext scheduler
  EXPECT_EQ(m.read(dir + "root/ops").error, ENOENT);
  EXPECT_EQ(m.file(FileOpKind::kList, dir).data,
            "enable_seq\nhotplug_seq\nnr_rejected\nstate\nswitch_all\n");

  ASSERT_TRUE(m.attach<Sound>("mine").ok());
  shows("enabled", "1", "1");
  EXPECT_EQ(m.read(dir + "root/ops").data, "mine\n");
  EXPECT_NE(m.read(dir + "root/events").data.find("SCX_EV_SELECT_CPU_FALLBACK 0\n"),
            std::string::npos);
  EXPECT_EQ(m.write(dir + "state", "disabled"), EACCES);
  EXPECT_EQ(m.read(dir + "root").error, EISDIR);
  EXPECT_EQ(m.read(dir + "root/nothing").error, ENOENT);

  ASSERT_TRUE(m.schedulers().detach(1'000'000'000).ok());
  shows("disabled", "0", "1");
  ASSERT_TRUE(m.attach<Sound>("mine").ok());
  shows("enabled", "1", "2");
}

class CountingSink final : public FileReplySink {
 public:
  void on_reply(std::uint32_t /*index*/, const FileReply& /*reply*/) noexcept override { ++count; }
  int count = 0;
};

TEST(Files, a_batch_stops_at_the_first_error_if_asked_to) {
  TestMachine m(1);
  const std::array ops = {FileOp{.kind = FileOpKind::kRead, .path = "/nope", .data = {}},
                          FileOp{.kind = FileOpKind::kRead, .path = "/proc/version", .data = {}}};
  CountingSink all;
  EXPECT_TRUE(m.files().run(ops, FileBatchMode::kAll, all).ok());
  EXPECT_EQ(all.count, 2);
  CountingSink some;
  EXPECT_TRUE(m.files().run(ops, FileBatchMode::kStopAtFirstError, some).ok());
  EXPECT_EQ(some.count, 1);
}

TEST(Files, operations_take_time_and_say_when_they_were_done) {
  TestMachine m(1);
  const Reply first = m.read("/proc/version");
  const Reply second = m.read("/proc/version");
  EXPECT_GT(first.at_ns, 0);
  EXPECT_GT(second.at_ns, first.at_ns);
  EXPECT_EQ(second.at_ns, m.now());
}

TEST(Files, batches_beyond_the_limits_are_refused) {
  TestMachine m(1);
  CountingSink sink;
  const auto run = [&](std::string_view path, std::string_view data = {}) {
    const FileOp op{.kind = FileOpKind::kWrite, .path = path, .data = data};
    return m.files().run({&op, 1}, FileBatchMode::kAll, sink).code;
  };
  EXPECT_EQ(run("relative"), StatusCode::kInvalidArgument);
  EXPECT_EQ(run(""), StatusCode::kInvalidArgument);
  EXPECT_EQ(run("/" + std::string(kMaxPathBytes, 'x')), StatusCode::kInvalidArgument);
  EXPECT_EQ(run(std::string_view("/a\0b", 4)), StatusCode::kInvalidArgument);
  EXPECT_EQ(run("/x", std::string(kMaxFileBytes + 1, 'x')), StatusCode::kInvalidArgument);
  const std::vector<FileOp> many(kMaxFileOps + 1, FileOp{.path = "/proc/version", .data = {}});
  EXPECT_EQ(m.files().run(many, FileBatchMode::kAll, sink).code, StatusCode::kInvalidArgument);
  EXPECT_EQ(sink.count, 0);
}

} // namespace
} // namespace schedrig::mock::test

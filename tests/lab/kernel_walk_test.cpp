// SPDX-License-Identifier: MIT
// kernel_walk_test: what walks through the memory of a real kernel find, against what the same
// kernel says of itself in /proc and /sys and what a program has put into BPF maps.
//
// kernel_walk_test --agent=PROGRAM --maps=PROGRAM --schedulers=DIR [--kernel=VERSION] [gtest
// options], in the emulated host.
#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "host/kernel_view/bpf_walk.hpp"
#include "host/kernel_view/cgroup_walk.hpp"
#include "host/kernel_view/cpu_walk.hpp"
#include "host/kernel_view/task_field.hpp"
#include "tests/lab/kernel_walk.hpp"
#include "tests/lab/named_arguments.hpp"

namespace schedrig::kvm {
namespace {

constexpr std::uint32_t kWorkers = 100;

// The kernel shows more of a kernel thread's name than its comm has: its work, say.
void expect_same(const kv::TaskFacts& walked, const ProcTask& read) {
  constexpr std::uint32_t kKernelThread = 0x0020'0000; // PF_KTHREAD
  EXPECT_EQ(walked.tgid, read.tgid) << walked.pid;
  EXPECT_EQ(walked.start_ns / kv::kProcTickNs, read.start_ticks) << walked.pid;
  if ((walked.flags & kKernelThread) != 0) {
    EXPECT_EQ(read.comm.substr(0, walked.comm.size()), walked.comm) << walked.pid;
  } else {
    EXPECT_EQ(walked.comm, read.comm) << walked.pid;
  }
}

TEST_F(KernelWalk, every_task_is_as_proc_has_it) {
  auto& tasks = *query<TasksFacet>(*machine_);
  Pids pids;
  std::uint32_t group = 0;
  WorkSpec work;
  work.type = WorkType::kSpin;
  work.workers = kWorkers;
  ASSERT_TRUE(tasks.spawn(work, &group, pids).ok());
  ASSERT_TRUE(tasks.start(group).ok());
  const ProcTasks before = read_proc();
  const auto walked = walk(walk_tasks);
  const ProcTasks after = read_proc();
  ASSERT_TRUE(walked);
  std::set<std::int32_t> found;
  std::uint32_t same = 0;
  for (const kv::TaskFacts& task : *walked) {
    EXPECT_TRUE(found.insert(task.pid).second) << task.pid << " comes twice";
    const auto first = before.find(task.pid);
    const auto last = after.find(task.pid);
    if (first == before.end() || last == after.end()) {
      continue; // came or went meanwhile
    }
    // A worker of the kernel's changes the name that it shows with its work.
    expect_same(task, last->second.comm.starts_with(task.comm) ? last->second : first->second);
    EXPECT_EQ(task.sched_class.substr(task.sched_class.size() - 12), "_sched_class") << task.pid;
    EXPECT_LT(task.cpu, kCpus);
    ++same;
  }
  for (const auto& [pid, task] : before) {
    if (after.contains(pid) && after.at(pid) == task) {
      EXPECT_TRUE(found.contains(pid))
          << pid << " " << task.comm << " is not in the kernel's lists";
    }
  }
  EXPECT_GT(same, kWorkers);
  std::uint32_t running = 0;
  for (const kv::TaskFacts& task : *walked) {
    running += (std::ranges::find(pids.all, task.pid) != pids.all.end()) && task.on_rq ? 1 : 0;
  }
  EXPECT_GT(running, kWorkers / 2) << "workers that spin are on run queues";
}

TEST_F(KernelWalk, a_task_of_another_class_keeps_its_fields) {
  const auto proc = read_proc();
  const auto refused = kv::task_field(*view_,
                                      {.pid = 2, // kthreadd
                                       .start_time_ns = proc.at(2).start_ticks * kv::kProcTickNs,
                                       .field = "scx.dsq_vtime"},
                                      8);
  ASSERT_FALSE(refused);
  const std::string& why = refused.error().message;
  EXPECT_TRUE(why.ends_with("of fair_sched_class") || why.find("on a run queue") != why.npos)
      << why;
}

TEST_F(KernelWalk, cpu_times_lie_between_what_proc_said_before_and_after) {
  const auto read_times = [] {
    std::map<std::string, std::vector<std::uint64_t>> times; // user, nice, system in ticks
    for (const std::string& line : lines_of(run(FileOpKind::kRead, "/proc/stat").value_or(""))) {
      std::istringstream fields(line);
      std::string name;
      std::vector<std::uint64_t> values(3);
      fields >> name >> values[0] >> values[1] >> values[2];
      times[name] = values;
    }
    return times;
  };
  const auto before = read_times();
  const auto cpus = walk([] { return kv::walk_cpus(*view_); });
  const auto after = read_times();
  ASSERT_TRUE(cpus);
  ASSERT_EQ(cpus->size(), kCpus);
  std::uint32_t busy = 0;
  for (const kv::CpuFacts& cpu : *cpus) {
    const std::string name = "cpu" + std::to_string(cpu.cpu);
    for (std::size_t i = 0; i < 3; ++i) {
      const std::uint64_t ticks = cpu.times.at(i).ns / kv::kProcTickNs;
      EXPECT_GE(ticks + 1, before.at(name).at(i)) << name << " " << cpu.times[i].state;
      EXPECT_LE(ticks, after.at(name).at(i) + 1) << name << " " << cpu.times[i].state;
    }
    busy += cpu.nr_running > 0 && cpu.curr != 0 ? 1 : 0;
  }
  EXPECT_EQ(cpus->at(0).times.at(0).state, "user");
  EXPECT_EQ(cpus->at(0).times.at(2).state, "system");
  EXPECT_EQ(busy, kCpus) << "a hundred workers spin";
}

TEST_F(KernelWalk, the_tree_of_cgroups_is_as_the_file_system_has_it) {
  for (const char* path : {"/sys/fs/cgroup/walk", "/sys/fs/cgroup/walk/inner",
                           "/sys/fs/cgroup/walk/inner/deep", "/sys/fs/cgroup/other"}) {
    ASSERT_TRUE(run(FileOpKind::kMkdir, path)) << path;
  }
  std::set<std::string> listed;
  std::vector<std::string> open = {"/"};
  while (!open.empty()) {
    const std::string path = open.back();
    open.pop_back();
    listed.insert(path);
    for (const std::string& name : list("/sys/fs/cgroup" + path)) {
      if (name.ends_with('/')) {
        open.push_back((path == "/" ? path : path + "/") + name.substr(0, name.size() - 1));
      }
    }
  }
  const auto cgroups = walk([] { return kv::walk_cgroups(*view_); });
  ASSERT_TRUE(cgroups);
  std::set<std::string> walked;
  for (const kv::CgroupFacts& cgroup : *cgroups) {
    walked.insert(cgroup.path);
    EXPECT_EQ(cgroup.level, cgroup.path == "/" ? 0 : std::ranges::count(cgroup.path, '/'));
  }
  EXPECT_EQ(walked, listed);
}

TEST_F(KernelWalk, maps_hold_what_a_program_has_put_into_them) {
  auto& payloads = *query<PayloadsFacet>(*machine_);
  std::uint32_t payload = 0;
  std::int32_t pid = 0;
  const Status spawned =
      payloads.spawn({.name = "maps", .binary = maps_path, .args = {}}, &payload, &pid);
  ASSERT_TRUE(spawned.ok()) << spawned.message;
  ASSERT_TRUE(payloads.start(payload).ok());
  auto bpf = kv::BpfWalk::of(*view_);
  ASSERT_TRUE(bpf) << bpf.error().message;
  std::map<std::string, kv::MapFacts> maps;
  for (const std::int64_t end = machine_->now_ns() + kMapsNs;
       machine_->now_ns() < end && !maps.contains("walk.bss");) {
    let_run(100'000'000);
    const auto all = walk([&] { return bpf->maps(); });
    ASSERT_TRUE(all);
    for (const kv::MapFacts& map : *all) {
      maps[map.name] = map;
    }
  }
  ASSERT_TRUE(maps.contains("walk.bss"));
  let_run(500'000'000); // it fills that one last
  const auto numbers = [&](const std::string& name) {
    std::map<std::uint64_t, std::vector<std::uint64_t>> all;
    const auto entries = walk([&] { return bpf->entries(maps.at(name), 100, 1U << 16U); });
    EXPECT_TRUE(entries && entries->known && !entries->cut);
    for (const kv::MapEntry& entry : entries->all) {
      std::uint64_t key = 0;
      std::memcpy(&key, entry.key.data(), entry.key.size());
      for (const auto& bytes : entry.values) {
        std::uint64_t& value = all[key].emplace_back();
        std::memcpy(&value, bytes.data(), sizeof value);
      }
    }
    return all;
  };
  EXPECT_EQ(numbers("walk_array"), (std::map<std::uint64_t, std::vector<std::uint64_t>>{
                                       {0, {0}}, {1, {111}}, {2, {222}}, {3, {333}}}));
  std::map<std::uint64_t, std::vector<std::uint64_t>> squares;
  for (std::uint64_t i = 0; i < 10; ++i) {
    squares[7 * i] = {i * i};
  }
  EXPECT_EQ(numbers("walk_hash"), squares);
  const auto each_cpu = numbers("walk_each_cpu");
  EXPECT_EQ(each_cpu.at(0), (std::vector<std::uint64_t>{70, 71, 72, 73}));
  const auto place = kv::map_variable(*view_, {.name = "walk.bss", .field = "knob"}, 8);
  ASSERT_TRUE(place) << place.error().message;
  const auto knob =
      kv::GuestRam(*query<MemoryFacet>(*machine_)).read_object<std::uint64_t>(place->front().start);
  ASSERT_TRUE(knob);
  EXPECT_EQ(*knob, 7U);
  EXPECT_FALSE(kv::map_variable(*view_, {.name = "walk.bss", .field = "knop"}, 8));
}

} // namespace
} // namespace schedrig::kvm

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const schedrig::lab::NamedArguments arguments(argc, argv);
  schedrig::kvm::agent_path = arguments.text("agent");
  schedrig::kvm::maps_path = arguments.text("maps");
  schedrig::kvm::schedulers_path = arguments.text("schedulers");
  schedrig::kvm::kernel_version = arguments.text("kernel");
  return RUN_ALL_TESTS();
}

// SPDX-License-Identifier: MIT
// The kernel in a mock machine's memory: what the host's view finds there is what the machine's
// own files say, wherever the kernel lies; what is written there stays until the machine writes.
#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <schedrig/bpf_maps.hpp>

#include "plugins/schedulers/fifo/policy.hpp"
#include "plugins/schedulers/vtime/policy.hpp"
#include "tests/unit/mock/kernel_fixture.hpp"

namespace schedrig::mock::test {
namespace {

using fifo::Fifo;
using kernel_view::TaskFacts;

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kSecond = 1000 * kMs;
constexpr std::uint64_t kProcTickNs = 10'000'000;

ParamValue integer(std::string_view key, std::int64_t value) {
  ParamValue param;
  param.key = key;
  param.integer = value;
  return param;
}

struct Layout {
  std::string name;
  std::int64_t kaslr = 0;
  std::int64_t levels = 4;
};

class MockKernel : public testing::TestWithParam<Layout> {
 protected:
  MockKernel()
      : params_{integer("kaslr", GetParam().kaslr), integer("paging_levels", GetParam().levels)},
        machine_(Topology::uniform(1, 2, 2, 1), 7, params_) {}

  std::vector<ParamValue> params_;
  TestMachine machine_;
  SeenKernel kernel_{machine_};
};

TEST_P(MockKernel, jiffies_go_with_the_clock) {
  const std::uint64_t before = kernel_.jiffies();
  machine_.run_for(kSecond);
  EXPECT_EQ(kernel_.jiffies() - before, 250U);
  const std::uint64_t at = kernel_.symbol("jiffies_64");
  kernel_.memory.put(at, before + 100'000);
  machine_.run_for(kSecond);
  EXPECT_EQ(kernel_.jiffies() - before, 100'250U) << "ticks are added to what is there";
}

TEST_P(MockKernel, lies_where_its_options_say) {
  const auto place = kernel_.view().place();
  EXPECT_EQ(place.slide != 0, GetParam().kaslr != 0);
  EXPECT_EQ(place.tables.levels, static_cast<std::uint32_t>(GetParam().levels));
  TestMachine again(Topology::uniform(1, 2, 2, 1), 7, params_);
  EXPECT_EQ(SeenKernel(again).view().place().slide, place.slide) << "the seed decides";
}

TEST_P(MockKernel, run_queues_have_what_runs) {
  const auto group = machine_.run_work(work(WorkType::kSpin, 3));
  for (const std::int32_t pid : machine_.pids()) {
    const std::uint32_t cpu = 2;
    ASSERT_TRUE(machine_.affinity().pin({&pid, 1}, {&cpu, 1}).ok());
  }
  machine_.run_for(100 * kMs);
  EXPECT_EQ(kernel_.nr_running(2), 3U);
  EXPECT_EQ(kernel_.nr_running(1), 0U);
  machine_.stop(group);
  EXPECT_EQ(kernel_.nr_running(2), 0U);
}

TEST_P(MockKernel, every_task_is_as_its_file_says) {
  ASSERT_EQ(machine_.mkdir(kCgroups + "/busy"), 0);
  machine_.run_work(work(WorkType::kSpin, 2), kCgroups + "/busy");
  machine_.run_work(work(WorkType::kPipeIo, 2));
  machine_.run_for(100 * kMs);
  const auto snapshot = kernel_.snapshot();
  ASSERT_TRUE(snapshot.tasks) << snapshot.tasks.error().message;
  ASSERT_EQ(snapshot.tasks->size(), 5U);
  for (const TaskFacts& task : *snapshot.tasks) {
    const std::string pid = std::to_string(task.pid);
    const std::string stat = machine_.read("/proc/" + pid + "/stat").data;
    EXPECT_TRUE(stat.starts_with(pid + " (" + task.comm + ") ")) << stat;
    std::istringstream rest(stat.substr(stat.rfind(')') + 2));
    std::vector<std::string> fields((std::istream_iterator<std::string>(rest)), {});
    EXPECT_EQ(fields[19], std::to_string(task.start_ns / kProcTickNs)) << "starttime";
    EXPECT_EQ(fields[0] == "R", task.state == 0) << stat;
    EXPECT_EQ(fields[36], std::to_string(task.cpu)) << "processor";
  }
}

TEST_P(MockKernel, a_snapshot_has_every_part) {
  ASSERT_TRUE(machine_.attach<Fifo>("fifo").ok());
  ASSERT_EQ(machine_.mkdir(kCgroups + "/a"), 0);
  ASSERT_EQ(machine_.mkdir(kCgroups + "/a/b"), 0);
  machine_.run_work(work(WorkType::kSpin, 6), kCgroups + "/a/b");
  machine_.run_for(100 * kMs);
  const auto snapshot = kernel_.snapshot();
  ASSERT_TRUE(snapshot.cpus && snapshot.tasks && snapshot.cgroups && snapshot.maps);
  ASSERT_TRUE(snapshot.vcpus) << snapshot.vcpus.error().message;
  EXPECT_EQ(snapshot.vcpus->size(), 4U);
  ASSERT_EQ(snapshot.cgroups->size(), 3U);
  EXPECT_EQ(snapshot.cgroups->at(2).path, "/a/b");
  EXPECT_TRUE(snapshot.cgroups->at(1).populated);
  std::uint32_t running = 0;
  for (const auto& cpu : *snapshot.cpus) {
    ASSERT_TRUE(cpu.scx);
    running += cpu.scx->nr_running;
    EXPECT_EQ(cpu.curr_comm, "spin");
  }
  EXPECT_EQ(running, 6U);
  int waiting = 0;
  for (const TaskFacts& task : *snapshot.tasks) {
    EXPECT_EQ(task.sched_class, "ext_sched_class");
    waiting += task.scx->on_runnable_list ? 1 : 0;
    EXPECT_EQ(task.scx->on_runnable_list, task.queued_ns != 0) << task.pid;
  }
  EXPECT_EQ(waiting, 2);
}

TEST_P(MockKernel, queues_have_the_tasks_that_wait_in_their_order) {
  const auto user_queue = [&](const std::string& scheduler) {
    const auto snapshot = kernel_.snapshot();
    EXPECT_TRUE(snapshot.dsqs) << snapshot.dsqs.error().message;
    std::map<std::int32_t, std::uint64_t> queues; // by pid, where the task says that it is
    for (const TaskFacts& task : *snapshot.tasks) {
      queues[task.pid] = task.scx->dsq;
    }
    std::size_t found = 0;
    kernel_view::DsqFacts user;
    for (const auto& dsq : *snapshot.dsqs) {
      EXPECT_EQ(dsq.nr, dsq.tasks.size());
      for (const auto& task : dsq.tasks) {
        EXPECT_EQ(queues.at(task.pid), dsq.address) << task.pid;
      }
      found += dsq.tasks.size();
      user = dsq.kind == kernel_view::DsqKind::kUser ? dsq : user;
    }
    EXPECT_EQ(found, std::ranges::count_if(queues, [](const auto& at) { return at.second != 0; }));
    EXPECT_EQ(user.scheduler, scheduler);
    return user;
  };
  EXPECT_EQ(kernel_.snapshot().dsqs->size(), 4U) << "of CPUs alone";
  machine_.run_work(work(WorkType::kSpin, 9));
  ASSERT_TRUE(machine_.attach<Fifo>("fifo").ok());
  machine_.run_for(100 * kMs);
  const auto fifo = user_queue("fifo");
  EXPECT_FALSE(fifo.by_vtime);
  EXPECT_EQ(fifo.tasks.size(), 5U);
  ASSERT_TRUE(machine_.schedulers().detach(kSecond).ok());
  EXPECT_EQ(kernel_.snapshot().dsqs->size(), 4U);
  ASSERT_TRUE(machine_.attach<vtime::Vtime>("vtime").ok());
  machine_.run_for(100 * kMs);
  const auto vtime = user_queue("vtime");
  EXPECT_TRUE(vtime.by_vtime);
  EXPECT_EQ(vtime.tasks.size(), 5U);
  EXPECT_TRUE(std::ranges::is_sorted(vtime.tasks, {}, &kernel_view::QueuedTask::vtime));
}

TEST_P(MockKernel, an_attached_scheduler_has_maps_with_typed_variables) {
  EXPECT_TRUE(kernel_.snapshot().maps->empty());
  const std::vector<ParamValue> slice = {integer("slice", 5 * kMs)};
  ASSERT_TRUE(machine_.attach<Fifo>("fifo", slice).ok());
  machine_.run_work(work(WorkType::kSpin, 6));
  machine_.run_for(100 * kMs);
  const auto variable = [&](const std::string& map, const std::string& name) {
    const auto places = kernel_view::map_variable(kernel_.view(), {map, name}, 8);
    EXPECT_TRUE(places) << places.error().message;
    return kernel_.memory.get<std::uint64_t>(places->front().start);
  };
  const std::uint64_t before = variable("fifo.bss", "nr_dispatched");
  EXPECT_GT(before, 0U);
  EXPECT_EQ(variable("fifo.rodata", "slice"), 5U * kMs);
  machine_.run_for(100 * kMs);
  EXPECT_GT(variable("fifo.bss", "nr_dispatched"), before);
  EXPECT_EQ(kernel_.snapshot().maps->size(), 2U);
  ASSERT_TRUE(machine_.schedulers().detach(kSecond).ok());
  EXPECT_TRUE(kernel_.snapshot().maps->empty());
  ASSERT_TRUE(machine_.attach<Fifo>("fifo", slice).ok());
  EXPECT_LT(variable("fifo.bss", "nr_dispatched"), before) << "they are the new one's";
  EXPECT_EQ(kernel_.snapshot().maps->at(0).facts.id, 4U);
}

TEST_P(MockKernel, a_pinned_map_stays_with_its_last_values_when_its_scheduler_leaves) {
  BpfMapsFacet& maps = *query<BpfMapsFacet>(machine_.machine());
  EXPECT_EQ(maps.pin("fifo.bss", "/sys/fs/bpf/one").code, StatusCode::kNotFound);
  const std::vector<ParamValue> slice = {integer("slice", 5 * kMs)};
  ASSERT_TRUE(machine_.attach<Fifo>("fifo", slice).ok());
  machine_.run_work(work(WorkType::kSpin, 6));
  machine_.run_for(100 * kMs);
  ASSERT_TRUE(maps.pin("fifo.bss", "/sys/fs/bpf/one").ok());
  EXPECT_TRUE(maps.pin("fifo.bss", "/sys/fs/bpf/one").ok()) << "again is nothing";
  const Status taken = maps.pin("fifo.rodata", "/sys/fs/bpf/one");
  EXPECT_EQ(taken.code, StatusCode::kAlreadyExists) << taken.message;
  const Status absent = maps.pin("nope", "/sys/fs/bpf/two");
  EXPECT_EQ(absent.code, StatusCode::kNotFound);
  EXPECT_NE(std::string(absent.help).find("fifo.bss, fifo.rodata"), std::string::npos)
      << absent.help;

  machine_.run_for(100 * kMs);
  ASSERT_TRUE(machine_.schedulers().detach(kSecond).ok());
  ASSERT_EQ(kernel_.snapshot().maps->size(), 1U);
  const std::uint32_t id = kernel_.snapshot().maps->at(0).facts.id;
  const auto dispatched = [&] {
    const auto places = kernel_view::map_variable(kernel_.view(), {"fifo.bss", "nr_dispatched"}, 8);
    EXPECT_TRUE(places) << places.error().message;
    return kernel_.memory.get<std::uint64_t>(places->front().start);
  };
  const std::uint64_t last = dispatched();
  EXPECT_GT(last, 0U);
  for (int round = 0; round < 3; ++round) { // others come and go
    ASSERT_TRUE(machine_.attach<Fifo>("fifo", slice).ok());
    machine_.run_for(10 * kMs);
    EXPECT_EQ(kernel_.snapshot().maps->size(), 3U);
    ASSERT_TRUE(machine_.schedulers().detach(kSecond).ok());
  }
  ASSERT_EQ(kernel_.snapshot().maps->size(), 1U);
  EXPECT_EQ(kernel_.snapshot().maps->at(0).facts.id, id);
  EXPECT_EQ(dispatched(), last);
  ASSERT_TRUE(maps.unpin_all().ok());
  EXPECT_TRUE(kernel_.snapshot().maps->empty());
}

TEST_P(MockKernel, what_is_written_stays_until_the_machine_writes_there) {
  machine_.run_work(work(WorkType::kSpin, 1));
  machine_.run_for(10 * kMs);
  const std::uint64_t warn = kernel_.symbol("panic_on_warn");
  const std::uint64_t clock = kernel_.queue("clock", 0, 8);
  const auto before = kernel_.memory.get<std::uint64_t>(clock);
  kernel_.memory.put(warn, std::uint32_t{7});
  kernel_.memory.put(clock, std::uint64_t{1});
  EXPECT_EQ(kernel_.memory.get<std::uint64_t>(clock), 1U);
  machine_.run_for(10 * kMs);
  EXPECT_EQ(kernel_.memory.get<std::uint32_t>(warn), 7U);
  EXPECT_GT(kernel_.memory.get<std::uint64_t>(clock), before) << "the next tick sets it";
}

TEST_P(MockKernel, fields_are_for_tasks_of_sched_ext_that_sleep) {
  machine_.run_work(work(WorkType::kBursty, 1));
  const auto field = [&] {
    for (int tries = 0; tries < 100; ++tries) {
      machine_.run_for(kMs);
      const auto snapshot = kernel_.snapshot();
      const TaskFacts& task = snapshot.tasks->back();
      if (!task.on_rq) {
        return kernel_view::task_field(kernel_.view(),
                                       {.pid = task.pid,
                                        .start_time_ns = task.start_ns / kProcTickNs * kProcTickNs,
                                        .field = "scx.dsq_vtime"},
                                       8);
      }
    }
    return Result<kernel_view::Places>(fail(StatusCode::kNotFound, "it never sleeps"));
  };
  const auto fair = field();
  ASSERT_FALSE(fair);
  EXPECT_NE(fair.error().message.find("fair_sched_class"), std::string::npos)
      << fair.error().message;
  ASSERT_TRUE(machine_.attach<Fifo>("fifo").ok());
  const auto ext = field();
  EXPECT_TRUE(ext) << ext.error().message;
}

TEST_P(MockKernel, a_copy_has_memory_of_its_own) {
  const std::uint64_t warn = kernel_.symbol("panic_on_warn");
  kernel_.memory.put(warn, std::uint32_t{5});
  Template* saved = nullptr;
  ASSERT_TRUE(MockForks().save(machine_.machine(), kSecond, &saved).ok());
  {
    TestMachine copy(*saved, Topology::uniform(1, 2, 2, 1), 7, params_);
    SeenKernel other(copy);
    EXPECT_EQ(other.view().place().slide, kernel_.view().place().slide);
    EXPECT_EQ(other.memory.get<std::uint32_t>(warn), 5U);
    EXPECT_EQ(other.jiffies(), kernel_.jiffies());
    other.memory.put(warn, std::uint32_t{6});
    EXPECT_EQ(kernel_.memory.get<std::uint32_t>(warn), 5U);
  }
  MockForks().destroy_template(saved);
}

INSTANTIATE_TEST_SUITE_P(Layouts, MockKernel,
                         testing::Values(Layout{"as_linked", 0, 4}, Layout{"moved", 1, 4},
                                         Layout{"five_levels", 0, 5},
                                         Layout{"moved_with_five_levels", 1, 5}),
                         [](const auto& layout) { return layout.param.name; });

TEST(MockKernelMemory, has_room_for_ten_thousand_tasks_and_512_cpus) {
  TestMachine machine(Topology::uniform(4, 32, 16, 1));
  for (int i = 0; i < 5; ++i) {
    machine.run_work(work(WorkType::kSpin, 2'000));
  }
  machine.run_for(20 * kMs);
  SeenKernel kernel(machine);
  const auto snapshot = kernel.snapshot();
  ASSERT_TRUE(snapshot.tasks) << snapshot.tasks.error().message;
  EXPECT_EQ(snapshot.tasks->size(), 10'001U);
  EXPECT_EQ(snapshot.cpus->size(), 512U);
}

TEST(MockKernelMemory, refuses_what_is_not_all_memory_and_touches_nothing) {
  TestMachine machine(2);
  SeenKernel kernel(machine);
  const std::uint64_t warn = kernel.symbol("panic_on_warn");
  const std::uint32_t value = 9;
  const std::span from(reinterpret_cast<const std::uint8_t*>(&value), sizeof value);
  const std::array accesses = {
      MemoryAccess{.kind = MemoryAccessKind::kWrite, .address = warn, .into = {}, .from = from},
      MemoryAccess{.kind = MemoryAccessKind::kWrite,
                   .address = (1ULL << 30U) - 2,
                   .into = {},
                   .from = from}};
  std::uint32_t failed = 0;
  const Status status = query<MemoryFacet>(machine.machine())->access(accesses, &failed);
  EXPECT_EQ(status.code, StatusCode::kInvalidArgument);
  EXPECT_EQ(failed, 1U);
  EXPECT_EQ(kernel.memory.get<std::uint32_t>(warn), 0U);
}

} // namespace
} // namespace schedrig::mock::test

// SPDX-License-Identifier: MIT
// The kernel in a mock machine's memory, damaged again and again: whatever the host reads of it,
// the answer is a value or an error of the kinds that say so.
#include "plugins/schedulers/fifo/policy.hpp"
#include "tests/unit/kernel_view/corruption.hpp"
#include "tests/unit/mock/kernel_fixture.hpp"

namespace schedrig::mock::test {
namespace {

constexpr std::int64_t kMs = 1'000'000;

TEST(MockKernelCorruption, ends_in_typed_errors) {
  TestMachine machine(2);
  ASSERT_TRUE(machine.attach<fifo::Fifo>("fifo").ok());
  ASSERT_EQ(machine.mkdir(kCgroups + "/aaa"), 0);
  ASSERT_EQ(machine.mkdir(kCgroups + "/bbb"), 0);
  machine.run_work(work(WorkType::kPipeIo, 2), kCgroups + "/aaa");
  machine.run_work(work(WorkType::kSpin, 4), kCgroups + "/bbb");
  machine.run_for(100 * kMs);
  SeenKernel kernel(machine);
  const auto place = kernel.view().place();
  const auto snapshot = kernel.snapshot();
  const auto& tasks = *snapshot.tasks;
  const auto sleeper =
      std::ranges::find_if(tasks, [](const auto& task) { return task.pid != 1 && !task.on_rq; });
  ASSERT_NE(sleeper, tasks.end());
  // They are allocated in this order: cgroups, tasks, maps.
  const std::uint64_t first = snapshot.cgroups->at(1).address;
  const std::uint64_t end = snapshot.maps->back().facts.address + 0x200;
  const std::uint64_t image = place.physical;
  schedrig::test::Corruption corruption(
      {.objects = {first - place.direct_map, end - first},
       .per_cpu = {kernel.queue("nr_running", 0, 4), kernel.facts.types.size_of("rq").value()},
       .variables = {image + 0x20000, 0x1000},
       .page_tables = {place.tables.root, 0x1000},
       .direct_map = place.direct_map},
      [&](std::uint64_t at) { return kernel.memory.get<std::uint64_t>(at); },
      [&](std::uint64_t at, std::uint64_t value) { kernel.memory.put(at, value); });
  schedrig::test::WholeLook look(
      kernel.facts, kernel.memory,
      {.pid = sleeper->pid, .start_time_ns = sleeper->start_ns, .field = "scx.dsq_vtime"},
      {.name = "fifo.bss", .field = "nr_dispatched"}, 8);
  schedrig::test::expect_typed_errors(corruption, look, [&] { return kernel.memory.reads; });
}

} // namespace
} // namespace schedrig::mock::test

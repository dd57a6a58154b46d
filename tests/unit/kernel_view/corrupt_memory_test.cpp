// SPDX-License-Identifier: MIT
// A kernel whose memory is damaged, again and again: looped lists, wild pointers, page tables that
// lead to themselves, types cut short. Whatever is read of it, the answer is a value or an error of
// the kinds that say so; it never takes long.
#include <gtest/gtest.h>

#include "tests/unit/kernel_view/corruption.hpp"
#include "tests/unit/kernel_view/small_kernel_bpf.hpp"
#include "tests/unit/kernel_view/small_kernel_cgroups.hpp"
#include "tests/unit/kernel_view/small_kernel_scx.hpp"

namespace schedrig::kernel_view {
namespace {

using test::SmallKernel;

class CorruptMemory : public testing::Test {
 protected:
  CorruptMemory() {
    kernel_.add_processes({1, 3, 2, 1});
    cgroups_.put_below(test::SmallKernelCgroups::root(),
                       {cgroups_.add("aaa", 1), cgroups_.add("bbb", 1)});
    bpf_.add_array("array", {1, 2, 3});
    bpf_.add_hash("hash", {{4, 40}, {7, 70}, {6, 60}});
    bpf_.add_per_cpu_array("each", 7, 8);
    bpf_.add_globals("mine.bss", 5, 7);
    bpf_.add_struct_ops("mine_ops", 0xffff'ffff'c020'1000, 9);
    bpf_.add_program("mine");
    test::SmallKernelScx scx(kernel_, "mine");
    scx.put_tasks(kernel_.local_dsq(0), {7});
    scx.put_tasks(scx.add_user_queue(7), {4, 2, 5});
    scx.put_tasks(scx.add_user_queue(3), {6, 1});
    kernel_.put_task(kernel_.tasks[2], "sched_class", SmallKernel::address_of("ext_sched_class"));
  }

  [[nodiscard]] test::CorruptiblePlaces places() {
    const std::uint64_t end = kernel_.add_object(64) - SmallKernel::kDirect;
    return {.objects = {SmallKernel::kObjects, end - SmallKernel::kObjects},
            .per_cpu = {SmallKernel::kPerCpu, 0x1000},
            .variables = {SmallKernel::kPhysical + 0x20000, 0x1000},
            .page_tables = {SmallKernel::kPhysical + 0x30000, 0x5000},
            .direct_map = SmallKernel::kDirect};
  }

  SmallKernel kernel_;
  test::SmallKernelBpf bpf_{kernel_};
  test::SmallKernelCgroups cgroups_{kernel_};
  test::WholeLook look_{kernel_.facts,
                        kernel_.ram,
                        {.pid = 3, .start_time_ns = 3'000'000'000, .field = "scx.dsq_vtime"},
                        {.name = "mine.bss", .field = "knob"},
                        4};
};

TEST_F(CorruptMemory, ends_in_typed_errors) {
  test::Corruption corruption(
      places(),
      [&](std::uint64_t at) {
        std::uint64_t value = 0;
        std::memcpy(&value, kernel_.ram.at(at, sizeof value), sizeof value);
        return value;
      },
      [&](std::uint64_t at, std::uint64_t value) { kernel_.ram.put(at, value); });
  test::expect_typed_errors(corruption, look_, [&] { return kernel_.ram.reads; });
}

TEST_F(CorruptMemory, page_tables_that_lead_to_themselves_end) {
  const auto view = KernelView::open(kernel_.facts, GuestRam(kernel_.ram)).value();
  const std::uint64_t table = SmallKernel::kPhysical + 0x30000;
  for (std::uint64_t entry = 0; entry < 512; ++entry) {
    kernel_.ram.put(table + entry * 8, table | 3U);
  }
  for (std::uint64_t address = 1ULL << 63U; address != 0; address += 1ULL << 58U) {
    look_.note(view.kva({address | 0xffff'0000'0000'0000}, 4096));
  }
  EXPECT_FALSE(KernelView::open(kernel_.facts, GuestRam(kernel_.ram)));
}

} // namespace
} // namespace schedrig::kernel_view

// SPDX-License-Identifier: MIT
// Kernel targets in a memory that has a small kernel: where they lie, and what is said of those
// that are not there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/kernel_view/kernel_view.hpp"
#include "tests/unit/kernel_view/small_kernel.hpp"

namespace schedrig::kernel_view {
namespace {

using test::FakeRam;
using test::SmallKernel;
using testing::HasSubstr;

constexpr std::uint64_t kText = SmallKernel::kText;
constexpr std::uint64_t kDirect = SmallKernel::kDirect;
constexpr std::uint64_t kPhysical = SmallKernel::kPhysical;
constexpr std::uint64_t kSlide = SmallKernel::kSlide;
constexpr std::uint64_t kPerCpu = SmallKernel::kPerCpu;

class KernelViewOf : public testing::Test {
 protected:
  KernelView view() {
    auto opened = KernelView::open(kernel_.facts, GuestRam(kernel_.ram));
    EXPECT_TRUE(opened) << opened.error().message;
    return *std::move(opened);
  }
  static void expect_at(const Result<Places>& places, std::uint64_t start, std::uint64_t bytes) {
    ASSERT_TRUE(places) << places.error().message;
    ASSERT_EQ(places->size(), 1U);
    EXPECT_EQ(places->at(0).start, start);
    EXPECT_EQ(places->at(0).bytes, bytes);
  }
  static void expect_error(const Result<Places>& places, StatusCode code, std::string_view part) {
    ASSERT_FALSE(places);
    EXPECT_EQ(places.error().code, code) << places.error().message;
    EXPECT_THAT(places.error().message, HasSubstr(part));
  }
  Result<Places> per_cpu(const PerCpuTarget& target, std::uint64_t bytes = 4) {
    return view().per_cpu(target, bytes);
  }

  SmallKernel kernel_;
};

TEST_F(KernelViewOf, a_symbol_lies_where_the_kernel_was_loaded) {
  expect_at(view().symbol({"jiffies_64"}, 8), kPhysical + 0x20080, 8);
  EXPECT_EQ(view().address_of("jiffies_64").value(), kText + kSlide + 0x20080);
}

TEST_F(KernelViewOf, a_symbol_that_is_not_there_or_is_each_cpus_own_is_told) {
  expect_error(view().symbol({"jiffies_46"}, 8), StatusCode::kNotFound, "no symbol");
  const auto template_symbol = view().symbol({"runqueues"}, 4);
  expect_error(template_symbol, StatusCode::kInvalidArgument, "per-CPU");
  EXPECT_THAT(template_symbol.error().help, HasSubstr("per_cpu = { symbol = \"runqueues\""));
}

TEST_F(KernelViewOf, the_direct_map_ends_where_ram_ends) {
  expect_at(view().direct({kDirect + 0x1234}, 4), 0x1234, 4);
  expect_at(view().direct({kDirect + FakeRam::kHigh}, 4), FakeRam::kHigh, 4);
  for (const std::uint64_t address :
       {kDirect - 1, kDirect + FakeRam::kLow - 3, kDirect + FakeRam::kHigh - 1,
        kDirect + FakeRam::kHigh + FakeRam::kHighBytes, ~std::uint64_t{1}, std::uint64_t{0}}) {
    expect_error(view().direct({address}, 4), StatusCode::kInvalidArgument, "direct map");
  }
}

TEST_F(KernelViewOf, other_addresses_go_by_the_page_tables) {
  expect_at(view().kva({kText + kSlide + 0x20080}, 8), kPhysical + 0x20080, 8);
  expect_error(view().kva({0x7fff'0000'0000}, 8), StatusCode::kInvalidArgument, "user's half");
  expect_error(view().kva({0xffff'c900'0000'0000}, 8), StatusCode::kNotFound, "not present");
  expect_error(view().kva({~std::uint64_t{3}}, 8), StatusCode::kInvalidArgument, "beyond the last");
}

TEST_F(KernelViewOf, each_cpu_has_its_copy) {
  const auto field = [](std::uint32_t cpu, std::string type = {}) {
    return PerCpuTarget{.symbol = "runqueues", .field = "cpu", .cpu = cpu, .type = std::move(type)};
  };
  expect_at(per_cpu(field(0)), kPerCpu + 0x100 + 4, 4);
  expect_at(per_cpu(field(1)), kPerCpu + 0x1000 + 0x100 + 4, 4);
  expect_error(per_cpu(field(2)), StatusCode::kInvalidArgument, "no CPU 2");
  expect_error(per_cpu(field(0), 8), StatusCode::kInvalidArgument, "of 4 bytes, not of 8");
}

TEST_F(KernelViewOf, a_per_cpu_symbol_needs_its_structure) {
  PerCpuTarget mine{.symbol = "my_state", .field = "cpu", .cpu = 0, .type = {}};
  expect_error(per_cpu(mine), StatusCode::kNotFound, "which structure");
  mine.type = "struct rq";
  expect_at(per_cpu(mine), kPerCpu + 0x200 + 4, 4);
  mine.field = "idle";
  expect_error(per_cpu(mine), StatusCode::kInvalidArgument, "bit field of 1 bits");
  mine.field = "nr_runing";
  expect_error(per_cpu(mine), StatusCode::kNotFound, "no member");
  mine = {.symbol = "jiffies_64", .field = "cpu", .cpu = 0, .type = "rq"};
  expect_error(per_cpu(mine), StatusCode::kInvalidArgument, "is no per-CPU variable");
}

} // namespace
} // namespace schedrig::kernel_view

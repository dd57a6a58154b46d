// SPDX-License-Identifier: MIT
// Where kernels of several versions keep the timeout of sched_ext's watchdog.
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/kernel_view/watchdog_places.hpp"
#include "tests/unit/kernel_view/small_kernel.hpp"

namespace schedrig::kernel_view {
namespace {

using test::SmallKernel;
using testing::HasSubstr;

constexpr std::uint64_t kJiffyNs = 4'000'000; // HZ 250

class Watchdog : public testing::Test {
 protected:
  Watchdog() {
    test::BtfBuilder btf;
    const auto u32 = btf.integer("unsigned int", 4);
    const auto u64 = btf.integer("long unsigned int", 8);
    btf.structure("clocksource", 24, {{"mult", u32, 128, 0}, {"shift", u32, 160, 0}});
    btf.structure("scx_sched", 32, {{"watchdog_timeout", u64, 64, 0}});
    const std::string blob = btf.blob();
    kernel_.facts.types = kernel::BtfTypes::read(test::view(blob)).value();
  }

  // The kernel's variables and these.
  void add(const std::vector<std::pair<std::string, std::uint64_t>>& more) {
    const Symbols before = SmallKernel::symbols();
    Symbols after;
    for (std::size_t i = 0; i < before.size(); ++i) {
      after.add(before.at(i).address, before.at(i).type, before.at(i).name);
    }
    for (const auto& [name, place] : more) {
      after.add(SmallKernel::kText + place, 'd', name);
    }
    after.finish();
    kernel_.facts.symbols = std::move(after);
  }
  void put_clock(std::uint32_t mult, std::uint32_t shift) {
    const std::uint64_t clock = SmallKernel::address_of("jiffies_64") + 0x100;
    kernel_.put_at(clock + 16, mult);
    kernel_.put_at(clock + 20, shift);
  }
  std::string error() {
    const auto places = watchdog_places(kernel_.view());
    EXPECT_FALSE(places);
    return places ? "" : places.error().message;
  }

  SmallKernel kernel_;
};

const std::pair<std::string, std::uint64_t> kClock{"clocksource_jiffies", 0x20180};
const std::pair<std::string, std::uint64_t> kTimestamp{"scx_watchdog_timestamp", 0x20600};
const std::pair<std::string, std::uint64_t> kTimeout{"scx_watchdog_timeout", 0x20608};
const std::pair<std::string, std::uint64_t> kInterval{"scx_watchdog_interval", 0x20610};

TEST_F(Watchdog, up_to_7_0_has_variables) {
  add({kClock, kTimestamp, kTimeout});
  put_clock(kJiffyNs << 8U, 8);
  const auto places = watchdog_places(kernel_.view());
  ASSERT_TRUE(places) << places.error().message;
  const std::uint64_t start = SmallKernel::address_of("jiffies_64") - 0x20080;
  EXPECT_EQ(places->timeout_name, "scx_watchdog_timeout");
  EXPECT_EQ(places->timeout, start + 0x20608);
  EXPECT_EQ(places->timestamp, start + 0x20600);
  EXPECT_FALSE(places->interval);
  EXPECT_EQ(places->jiffy_ns, kJiffyNs);
}

TEST_F(Watchdog, from_7_1_on_has_a_field_of_each_scheduler) {
  add({kClock, kTimestamp, kInterval});
  put_clock(kJiffyNs << 8U, 8);
  EXPECT_THAT(error(), HasSubstr("no sched_ext scheduler is attached"));
  EXPECT_EQ(watchdog_places(kernel_.view()).error().code, StatusCode::kSchedulerExit);
  const std::uint64_t sched = kernel_.add_object(32);
  kernel_.put_at(SmallKernel::address_of("scx_root"), sched);
  const auto places = watchdog_places(kernel_.view());
  ASSERT_TRUE(places) << places.error().message;
  EXPECT_EQ(places->timeout_name, "scx_sched.watchdog_timeout");
  EXPECT_EQ(places->timeout, sched + 8);
  EXPECT_TRUE(places->interval);
}

TEST_F(Watchdog, without_sched_ext_is_not_there) {
  add({kClock});
  put_clock(kJiffyNs << 8U, 8);
  EXPECT_THAT(error(), HasSubstr("scx_watchdog_timestamp"));
}

TEST_F(Watchdog, of_no_known_tick_is_left_alone) {
  add({kClock, kTimestamp, kTimeout});
  put_clock(0, 8);
  EXPECT_THAT(error(), HasSubstr("a jiffy takes 0 ns"));
  put_clock(0xFFFF'FFFF, 77);
  EXPECT_THAT(error(), HasSubstr("a jiffy takes 0 ns"));
}

} // namespace
} // namespace schedrig::kernel_view
